package org.realm4j.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;

/** After any changes an index finds what one that was built anew would find, bit by bit. */
class PassageIndexPropertiesTest {
  /** An index, beside what it should hold. */
  static final class State {
    private final TinyIndex.Model model = new TinyIndex.Model();
    private final Path dir;
    private PassageIndex index;
    private int next;
    private int checked;

    State(String kind) {
      try {
        dir = Files.createTempDirectory("realm-index-test");
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      List<Passage> first = new ArrayList<>();
      for (int i = 0; i < 9; i++) {
        first.add(fresh(i));
      }
      first.forEach(model::add);
      index = TinyIndex.build(dir.resolve("index"), kind, first);
    }

    Passage fresh(int draw) {
      return TinyIndex.passage("p" + next++, draw);
    }

    void add(int count, int draw) {
      List<Passage> added = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        added.add(fresh(draw + i));
      }
      index.add(added, TinyIndex.TOKENIZER, TinyIndex::embed);
      added.forEach(model::add);
      check();
    }

    void remove(int count, int draw) {
      List<String> ids = some(count, draw);
      index.remove(ids);
      ids.forEach(model::remove);
      check();
    }

    void put(int count, int draw) {
      List<Passage> passages = new ArrayList<>();
      for (String id : some(count, draw)) {
        passages.add(TinyIndex.passage(id, draw + passages.size()));
      }
      passages.add(fresh(draw));
      index.replace(passages, TinyIndex.TOKENIZER, TinyIndex::embed);
      passages.forEach(passage -> model.remove(passage.id()));
      passages.forEach(model::add);
      check();
    }

    private List<String> some(int count, int draw) {
      List<String> ids = new ArrayList<>(model.ids());
      Collections.rotate(ids, draw % Math.max(1, ids.size()));
      return ids.subList(0, Math.min(count, ids.size()));
    }

    void reopen() {
      index.close();
      PassageIndex.check(dir.resolve("index"));
      index = PassageIndex.open(dir.resolve("index"), 1);
      check();
    }

    /** What cannot be done changes nothing. */
    void refused(int draw) {
      List<String> ids = new ArrayList<>(some(2, draw));
      ids.add("nobody");
      assertThrows(RealmException.BadInput.class, () -> index.remove(ids));
      List<Passage> known = new ArrayList<>(List.of(fresh(draw)));
      some(1, draw).forEach(id -> known.add(TinyIndex.passage(id, draw)));
      if (known.size() > 1) {
        assertThrows(
            RealmException.BadInput.class,
            () -> index.add(known, TinyIndex.TOKENIZER, TinyIndex::embed));
      }
      check();
    }

    private void check() {
      float[] query = TinyIndex.vector("query " + checked++);
      try (IndexReader reader = index.reader()) {
        assertEquals(model.parts().size(), reader.size());
        for (int k : new int[] {1, 7, 1000}) {
          assertEquals(model.best(query, k), TinyIndex.best(reader, query, k));
        }
      }
    }

    void delete() {
      index.close();
      try (Stream<Path> files = Files.walk(dir)) {
        files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static Action<State> action(String name, Change change) {
    return new Action.Independent<>() {
      @Override
      public Arbitrary<Transformer<State>> transformer() {
        return Arbitraries.integers()
            .between(1, 12)
            .flatMap(
                count ->
                    Arbitraries.integers()
                        .between(0, 1000)
                        .map(
                            draw ->
                                Transformer.mutate(
                                    "%s %d, %d".formatted(name, count, draw),
                                    state -> change.apply(state, count, draw))));
      }
    };
  }

  @FunctionalInterface
  interface Change {
    void apply(State state, int count, int draw);
  }

  @Provide
  Arbitrary<ActionChain<State>> exact() {
    return chains("exact");
  }

  @Provide
  Arbitrary<ActionChain<State>> int8() {
    return chains("int8");
  }

  private static Arbitrary<ActionChain<State>> chains(String kind) {
    return ActionChain.startWith(() -> new State(kind))
        .withAction(4, action("add", State::add))
        .withAction(4, action("remove", State::remove))
        .withAction(3, action("put", State::put))
        .withAction(1, action("reopen", (state, count, draw) -> state.reopen()))
        .withAction(1, action("refused", (state, count, draw) -> state.refused(draw)))
        .withMaxTransformations(12);
  }

  @Property(tries = 25, seed = "1936")
  void exactEqualsAFreshBuild(@ForAll("exact") ActionChain<State> chain) {
    chain.run().delete();
  }

  @Property(tries = 25, seed = "1937")
  void int8EqualsAFreshBuild(@ForAll("int8") ActionChain<State> chain) {
    chain.run().delete();
  }
}
