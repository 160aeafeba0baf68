package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @TempDir Path dir;

  @Test
  void parsesEveryKindInOrder() {
    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("b", Arrays.asList(1L, -2.5, "x\u00e9\n", true, null));
    expected.put("a", Map.of());
    Object parsed = Json.parse("{\"b\":[1,-2.5,\"x\\u00e9\\n\",true,null],\"a\":{}}", "t");
    assertEquals(expected, parsed);
    assertEquals(List.of("b", "a"), List.copyOf(((Map<?, ?>) parsed).keySet()));
    assertEquals(Long.MIN_VALUE, Json.parse("" + Long.MIN_VALUE, "t"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,\"a\":2}",
        "1 2",
        "nul",
        "NaN",
        "'a'",
        "9223372036854775808",
        "1e999",
        "\"\u0001\"",
        "\"\\x\"",
        "{a:1}",
        "[1]]",
        "// c\n1"
      })
  void refusesWhatIsNotStrict(String text) {
    RealmException e =
        assertThrows(RealmException.CorruptFile.class, () -> Json.parse(text, "f, line 3"));
    assertTrue(e.getMessage().startsWith("f, line 3: "), e.getMessage());
    assertTrue(e.getMessage().indexOf('\n') < 0, e.getMessage());
  }

  @Test
  void refusesDeepNestingBothWays() {
    String deep = "[".repeat(100_000);
    assertThrows(RealmException.CorruptFile.class, () -> Json.parse(deep, "t"));
    Object value = List.of();
    for (int i = 0; i < 100_000; i++) {
      value = List.of(value);
    }
    Object nested = value;
    assertThrows(RealmException.BadInput.class, () -> Json.format(nested));
    String most = "[".repeat(Json.MAX_DEPTH) + "]".repeat(Json.MAX_DEPTH);
    assertEquals(most, Json.format(Json.parse(most, "t")));
  }

  @Test
  void refusesMalformedUtf8() throws IOException {
    Path file = Files.write(dir.resolve("f"), new byte[] {'"', (byte) 0xc3, '"'});
    RealmException e = assertThrows(RealmException.CorruptFile.class, () -> Json.parse(file));
    assertTrue(e.getMessage().contains("UTF-8"), e.getMessage());
  }

  @Test
  void formatsArraysAndRefusesWhatHasNoForm() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("f", new float[] {1, 0.1f});
    value.put("i", new int[] {1, 2});
    value.put("d", new double[0]);
    assertEquals("{\"f\":[1.0,0.1],\"i\":[1,2],\"d\":[]}", Json.format(value));
    assertEquals(
        "{\n  \"f\": [1.0, 0.1],\n  \"i\": [1, 2],\n  \"d\": []\n}", Json.formatPretty(value));
    value.put("f", new float[] {1, Float.NaN});
    RealmException e = assertThrows(RealmException.BadInput.class, () -> Json.format(value));
    assertEquals("JSON at $.f[1]: NaN has no form in JSON", e.getMessage());
    for (Object bad : List.of(Double.NEGATIVE_INFINITY, new Object(), Map.of(1, 2))) {
      assertThrows(RealmException.BadInput.class, () -> Json.format(bad));
    }
  }

  @ParameterizedTest
  @CsvSource({"s,an integer", "none,no such key", "big,32 bits", "half,an integer"})
  void accessorsNameFileAndKey(String key, String part) {
    JsonObject object =
        Json.parseObject("{\"s\":\"x\",\"big\":4294967296,\"half\":0.5,\"n\":null}", "conf.json");
    RealmException e = assertThrows(RealmException.BadInput.class, () -> object.int32(key));
    assertTrue(e.getMessage().startsWith("conf.json: \"" + key + "\""), e.getMessage());
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertEquals(7, object.int32("n", 7));
    assertEquals(0.5, object.number("half"));
    assertEquals("x", object.string("s", "y"));
    assertThrows(RealmException.BadInput.class, () -> object.bool("s", true));
  }

  @Property(tries = 300)
  void roundTrips(@ForAll("values") Object value) {
    assertEquals(value, Json.parse(Json.format(value), "compact"));
    assertEquals(value, Json.parse(Json.formatPretty(value), "pretty"));
  }

  @Provide
  Arbitrary<Object> values() {
    return values(3);
  }

  private Arbitrary<Object> values(int depth) {
    Arbitrary<Object> plain =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(8).map(s -> (Object) s),
            Arbitraries.longs().map(l -> (Object) l),
            Arbitraries.doubles().map(d -> (Object) d),
            Arbitraries.of(true, false).map(b -> (Object) b));
    if (depth == 0) {
      return plain;
    }
    Arbitrary<Object> inner = values(depth - 1);
    return Arbitraries.oneOf(
        plain,
        inner.list().ofMaxSize(4).map(l -> (Object) l),
        Arbitraries.maps(Arbitraries.strings().ofMaxLength(5), inner)
            .ofMaxSize(4)
            .map(m -> (Object) m));
  }
}
