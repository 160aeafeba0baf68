package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFolderTest {
  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(longs = {1, 24, 40, 1000, Long.MAX_VALUE})
  void roundTripsWhateverTheShards(long maxShardBytes) {
    WeightFolder.write(dir, tensors(), maxShardBytes);
    assertEquals(maxShardBytes >= 1000, Files.exists(dir.resolve("model.safetensors")));
    try (WeightFolder folder = WeightFolder.open(dir)) {
      assertEquals(List.of("a", "b", "c", "d"), folder.names().stream().sorted().toList());
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, folder.floats("c", 2, 3));
      assertFalse(folder.unread().contains("c"));
      assertEquals(3, folder.unread().size());
      assertArrayEquals(new float[] {0, 1, 2, 3}, folder.floats("a", 4));
    }
  }

  @Test
  void writingAgainWithOtherShardsReplacesTheModel() {
    WeightFolder.write(dir, tensors(), Long.MAX_VALUE);
    LinkedHashMap<String, Safetensors.Entry> two = tensors();
    two.remove("a");
    WeightFolder.write(dir, two, 24);
    try (WeightFolder folder = WeightFolder.open(dir)) {
      assertFalse(folder.contains("a"));
    }
    WeightFolder.write(dir, tensors(), Long.MAX_VALUE);
    try (WeightFolder folder = WeightFolder.open(dir)) {
      assertTrue(folder.contains("a"));
    }
  }

  @Test
  void wrongShapeAndNameSayExpectedAndFound() {
    WeightFolder.write(dir, tensors(), Long.MAX_VALUE);
    try (WeightFolder folder = WeightFolder.open(dir)) {
      RealmException e =
          assertThrows(RealmException.Incompatible.class, () -> folder.floats("c", 3, 2));
      assertTrue(e.getMessage().contains("expected shape [3, 2], found [2, 3]"), e.getMessage());
      assertTrue(folder.unread().contains("c"), "a refused tensor counts as read");
      assertThrows(RealmException.Incompatible.class, () -> folder.floats("e", 1));
    }
  }

  @Test
  void indexMayNotLeadOutOfTheFolder() throws IOException {
    Path secret = Files.createDirectory(dir.resolve("secret"));
    Path model = Files.createDirectory(dir.resolve("model"));
    WeightFolder.write(secret, tensors(), Long.MAX_VALUE);
    for (String shard :
        List.of("../secret/model.safetensors", secret + "/model.safetensors", "..", ".", "")) {
      index(model, Map.of("a", shard));
      RealmException e =
          assertThrows(RealmException.CorruptFile.class, () -> WeightFolder.open(model));
      assertTrue(e.getMessage().contains("not a plain file name"), e.getMessage());
    }
  }

  @Test
  void indexAndShardsMustAgree() throws IOException {
    WeightFolder.write(dir, tensors(), 24);
    index(dir, Map.of("z", "model-00001-of-00003.safetensors"));
    assertMessage("does not hold it");
    index(dir, Map.of("a", "model-00009-of-00003.safetensors"));
    assertMessage("model-00009-of-00003.safetensors is missing");
    index(dir, Map.of("a", 3));
    assertMessage("name of a shard");
    Files.delete(dir.resolve("model.safetensors.index.json"));
    assertMessage("found neither");
  }

  private void assertMessage(String part) {
    RealmException e = assertThrows(RealmException.class, () -> WeightFolder.open(dir));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static void index(Path dir, Map<String, Object> weightMap) {
    Json.write(dir.resolve("model.safetensors.index.json"), Map.of("weight_map", weightMap));
  }

  static LinkedHashMap<String, Safetensors.Entry> tensors() {
    LinkedHashMap<String, Safetensors.Entry> tensors = new LinkedHashMap<>();
    tensors.put("a", entry(4));
    tensors.put("c", entry(2, 3));
    tensors.put("b", entry(1));
    tensors.put("d", entry());
    return tensors;
  }

  private static Safetensors.Entry entry(long... shape) {
    int length = 1;
    for (long dimension : shape) {
      length *= (int) dimension;
    }
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = i;
    }
    return new Safetensors.Entry(shape, values);
  }
}
