package org.realm4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.realm4j.text.Passage;

/** A part of a corpus that is of all its kinds. */
final class CorpusSample {
  private CorpusSample() {}

  /**
   * So many passages, in their order: first those that are wanted, then every n-th of the others.
   *
   * @param wanted ids of passages
   */
  static List<Passage> of(List<Passage> passages, int limit, Set<String> wanted) {
    if (passages.size() <= limit) {
      return passages;
    }
    boolean[] chosen = new boolean[passages.size()];
    List<Integer> others = new ArrayList<>();
    int left = limit;
    for (int i = 0; i < chosen.length; i++) {
      if (left > 0 && wanted.contains(passages.get(i).id())) {
        chosen[i] = true;
        left--;
      } else {
        others.add(i);
      }
    }
    for (int i = 0; i < left; i++) {
      chosen[others.get((int) ((long) i * others.size() / left))] = true;
    }
    List<Passage> some = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        some.add(passages.get(i));
      }
    }
    return some;
  }
}
