package org.realm4j.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.bench.Alternately.Sample;
import org.realm4j.bench.Alternately.Side;
import org.realm4j.io.JsonObject;

/** This library and a peer, both as processes that start fresh, by turns. */
final class SideBySide implements AutoCloseable {
  /**
   * Keeps freed memory, as this library does: as installed, torch's allocator gives large blocks
   * back and the system clears them again for every step.
   */
  private static final Map<String, String> KEEPING_MEMORY =
      Map.of("GLIBC_TUNABLES", "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184");

  /** Debian's own Python, the one that has Debian's torch. */
  static final String PYTHON = "/usr/bin/python3";

  private final Context context;
  private final Peer ours;
  private final @Nullable Peer peer;
  private final List<JsonObject> ourAnswers = new ArrayList<>();
  private final List<JsonObject> peerAnswers = new ArrayList<>();

  SideBySide(Context context, Peer ours, @Nullable Peer peer) {
    this.context = context;
    this.ours = ours;
    this.peer = peer;
  }

  /** With torch as it is installed, which takes the same job. */
  static SideBySide torch(Context context, Map<String, Object> job) {
    return new SideBySide(context, ours(context, job), torch(context, Map.of(), job));
  }

  private static @Nullable Peer torch(
      Context context, Map<String, String> environment, Map<String, Object> job) {
    return context.peer(() -> new Peer("torch", torchCommand(), environment, job));
  }

  /** What training shall reach beside torch, for the thread counts that have a target. */
  static List<Target> targets(int threads, double one, double two) {
    return switch (threads) {
      case 1 -> List.of(Target.ratio(one));
      case 2 -> List.of(Target.ratio(two));
      default -> List.of();
    };
  }

  /** One more row, in fewer rounds: torch at its best, told to keep the memory that it frees. */
  static void keepingMemory(
      Context context,
      String section,
      String name,
      int threads,
      double tokens,
      Map<String, Object> job,
      List<? extends Map<String, ?>> requests) {
    Peer torch = torch(context, KEEPING_MEMORY, job);
    if (torch == null) {
      return;
    }
    try (SideBySide sides = new SideBySide(context, ours(context, job), torch)) {
      sides.warm(1, context.either(1.0, 4.0), requests.getFirst());
      List<List<Sample>> samples = sides.run(context.rounds(3), requests);
      context.add(
          sides.row(section, name + "; freed memory kept", threads, "tokens/s", tokens, samples));
    }
  }

  static Peer ours(Context context, Map<String, Object> job, String... flags) {
    Map<String, Object> all = new java.util.LinkedHashMap<>(job);
    all.put("kernels", context.kernels().name());
    return new Peer("realm4j", Worker.command(flags), all);
  }

  /** The folder with what runs the peers. */
  static Path peers() {
    return Path.of(System.getProperty("realm.bench.peers", "bench/peers"));
  }

  private static List<String> torchCommand() {
    return List.of(PYTHON, peers().resolve("torch_steps.py").toString());
  }

  boolean hasPeer() {
    return peer != null;
  }

  Peer ours() {
    return ours;
  }

  @Nullable Peer peer() {
    return peer;
  }

  /** What this library's side answered, in order. */
  List<JsonObject> ourAnswers() {
    return ourAnswers;
  }

  List<JsonObject> peerAnswers() {
    return peerAnswers;
  }

  /** Each side by itself, so often at least and for so long at least, until it is warm. */
  void warm(int least, double seconds, Map<String, ?> request) {
    for (Peer side : peer == null ? List.of(ours) : List.of(ours, peer)) {
      long until = System.nanoTime() + (long) (seconds * 1e9);
      for (int i = 0; i < least || System.nanoTime() < until; i++) {
        side.ask(request);
      }
    }
  }

  /**
   * Both do the same requests; a round is all of them.
   *
   * @return the samples of each side, {@code [sides][rounds]}
   */
  List<List<Sample>> run(int rounds, List<? extends Map<String, ?>> requests) {
    List<List<Sample>> samples = new ArrayList<>();
    for (int r = 0; r < rounds; r++) {
      List<Sample> sums = new ArrayList<>();
      for (Map<String, ?> request : requests) {
        List<Side> sides = new ArrayList<>();
        sides.add(side(ours, request, ourAnswers));
        if (peer != null) {
          sides.add(side(peer, request, peerAnswers));
        }
        List<List<Sample>> turn = Alternately.run(1, sides);
        for (int s = 0; s < turn.size(); s++) {
          Sample one = turn.get(s).getFirst();
          if (sums.size() <= s) {
            sums.add(one);
          } else {
            Sample before = sums.get(s);
            sums.set(
                s,
                new Sample(
                    before.seconds() + one.seconds(), before.cpuSeconds() + one.cpuSeconds()));
          }
        }
      }
      for (int s = 0; s < sums.size(); s++) {
        if (samples.size() <= s) {
          samples.add(new ArrayList<>());
        }
        samples.get(s).add(sums.get(s));
      }
      context.progress("  round %d of %d: %s".formatted(r + 1, rounds, describe(sums)));
    }
    return samples;
  }

  private static Side side(Peer p, Map<String, ?> request, List<JsonObject> answers) {
    return () -> {
      JsonObject answer = p.ask(request);
      answers.add(answer);
      return new Sample(answer.number("seconds"), answer.number("cpu"));
    };
  }

  private static String describe(List<Sample> sums) {
    return String.join(
        ", ",
        sums.stream()
            .map(s -> "%.2f s (CPU %.2f)".formatted(s.seconds(), s.cpuSeconds()))
            .toList());
  }

  /** A row of so much work a second; without the peer its name alone. */
  Row row(
      String section, String name, int threads, String unit, double work, List<List<Sample>> s) {
    if (peer == null) {
      return Row.of(section, name, threads, Comparison.speed(work, s.getFirst()), unit)
          .with("our_cores", Comparison.cores(s.getFirst()));
    }
    return Row.of(
        section, name, threads, unit, peer.name(), Comparison.of(work, s.get(0), s.get(1)));
  }

  @Override
  public void close() {
    Peer.closeAll(ours, peer);
  }
}
