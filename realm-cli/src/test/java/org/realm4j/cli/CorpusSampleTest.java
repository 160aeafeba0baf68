package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.realm4j.text.Passage;

class CorpusSampleTest {
  private static List<Passage> passages(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Passage(Integer.toString(i), "", "text " + i))
        .toList();
  }

  @Property(tries = 200)
  void holdsWhatIsWantedInOrderAndIsOfTheSizeAskedFor(
      @ForAll @IntRange(min = 1, max = 60) int count,
      @ForAll @IntRange(min = 1, max = 70) int limit,
      @ForAll Set<@IntRange(min = 0, max = 80) Integer> wanted) {
    Set<String> ids = new HashSet<>();
    wanted.forEach(i -> ids.add(Integer.toString(i)));
    List<Integer> chosen =
        CorpusSample.of(passages(count), limit, ids).stream()
            .map(p -> Integer.parseInt(p.id()))
            .toList();
    assertEquals(Math.min(count, limit), chosen.size());
    assertEquals(chosen.stream().sorted().distinct().toList(), chosen);
    List<Integer> inside = wanted.stream().filter(i -> i < count).toList();
    if (inside.size() <= limit) {
      assertTrue(chosen.containsAll(inside));
    } else {
      assertTrue(inside.containsAll(chosen));
    }
  }

  @Property(tries = 100)
  void theOthersComeFromAllOverTheCorpus(@ForAll @IntRange(min = 2, max = 20) int limit) {
    List<Integer> chosen =
        CorpusSample.of(passages(1_000), limit, Set.of()).stream()
            .map(p -> Integer.parseInt(p.id()))
            .toList();
    for (int i = 0; i < limit; i++) {
      assertEquals(i * 1_000 / limit, chosen.get(i));
    }
  }
}
