package org.realm4j.qa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class AhoCorasickTest {
  @Property(tries = 2000)
  void findsAsOftenAsASearchForEach(
      @ForAll @Size(max = 12)
          List<@NotEmpty @StringLength(max = 6) @CharRange(from = 'a', to = 'b') String> strings,
      @ForAll @StringLength(max = 60) @CharRange(from = 'a', to = 'c') String text) {
    AhoCorasick automaton = new AhoCorasick();
    int[] expected = new int[strings.size()];
    for (String string : strings) {
      int id = automaton.add(string);
      expected[id] = 0;
      for (int at = text.indexOf(string); at >= 0; at = text.indexOf(string, at + 1)) {
        expected[id]++;
      }
    }
    automaton.link();
    assertEquals(strings.stream().distinct().count(), automaton.size());
    int[] found = new int[strings.size()];
    automaton.scan(text, id -> found[id]++);
    assertArrayEquals(expected, found);
  }

  @Test
  void worksInLinearTimeOnWhatRepeatsItself() {
    AhoCorasick automaton = new AhoCorasick();
    automaton.add("a".repeat(20_000) + "b");
    automaton.link();
    int[] found = {0};
    automaton.scan("a".repeat(2_000_000) + "b", id -> found[0]++);
    assertEquals(1, found[0]);
  }
}
