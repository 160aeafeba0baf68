package org.realm4j.bench;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import org.realm4j.reference.KernelChoice;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./realm bench}. */
@Command(
    name = "realm bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures this library beside its peers, by turns in one run.",
      "",
      "A peer that is not installed leaves its column empty; bench/peers/install, or --install,"
          + " installs them (Debian, Ubuntu).",
      "",
      "Sections:"
    },
    subcommands = Compare.class,
    footer = {
      "",
      "Results go to stdout, progress to stderr. Example: ./realm bench gemm kernels --quick"
    })
public final class Bench implements Runnable {
  /** A part of the table. */
  enum Section {
    limits("what the machine allows: multiply-adds, divisions, memory"),
    gemm("matrix products, beside OpenBLAS and oneDNN"),
    kernels("softmax, layer norm, GELU, AdamW, beside the limits"),
    step("one step of REALM's pre-training, beside torch"),
    text("the same at the lengths of real text, beside torch with padding"),
    mlm("one step of BERT's training with masked tokens, beside torch"),
    embed("embedding of passages, beside ONNX Runtime"),
    mips("maximum inner product search, beside faiss and Lucene"),
    starts("whether every start of the JVM reaches the same speed"),
    backends("every operation and a step on both backends, and how far they are from float64"),
    curve("speed by length, batch and threads, for a plot"),
    jmh("the JMH benchmarks; --json takes JMH's own results");

    private final String description;

    Section(String description) {
      this.description = description;
    }

    private void run(Context context, @Nullable Path json, double peakGflops) {
      switch (this) {
        case limits -> LimitsSection.run(context);
        case gemm -> GemmSection.run(context);
        case kernels -> KernelsSection.run(context);
        case step -> StepSection.run(context);
        case text -> TextSection.run(context);
        case mlm -> MlmSection.run(context);
        case embed -> EmbedSection.run(context);
        case mips -> MipsSection.run(context);
        case starts -> StartsSection.run(context);
        case backends -> BackendsSection.run(context, peakGflops);
        case curve -> CurveSection.run(context);
        case jmh -> JmhSection.run(context, json);
      }
    }
  }

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "SECTION",
      description = "All but jmh if none is named: ${COMPLETION-CANDIDATES}.")
  private List<Section> sections = List.of();

  @Option(names = "--quick", description = "A look in a few minutes, with larger errors.")
  private boolean quick;

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N",
      description = "Thread counts, such as 1,2; by default 1 and all cores.")
  private List<Integer> threads =
      IntStream.of(1, Runtime.getRuntime().availableProcessors()).distinct().boxed().toList();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Turns of each side; by default what each section takes.")
  private int rounds;

  @Option(
      names = "--kernels",
      paramLabel = "CHOICE",
      description = "One of ${COMPLETION-CANDIDATES}; by default AUTO.")
  private KernelChoice kernels = KernelChoice.AUTO;

  @Option(
      names = "--peak-gflops",
      paramLabel = "N",
      description = {
        "backends: what nd4j's device can do at most, float32 GFLOP/s of its data sheet;",
        "  by default unknown, and no share of it is shown."
      })
  private double peakGflops = Double.NaN;

  @Option(names = "--json", paramLabel = "FILE", description = "All results as JSON.")
  private @Nullable Path json;

  // Acted upon by the launcher, before this program starts.
  @SuppressWarnings("UnusedVariable")
  @Option(names = "--install", description = "Install the peers first.")
  private boolean install;

  @Override
  public void run() {
    List<Section> chosen = sections;
    if (chosen.isEmpty()) {
      chosen = Arrays.stream(Section.values()).filter(s -> s != Section.jmh).toList();
    } else if (chosen.contains(Section.jmh) && chosen.size() > 1) {
      throw new ParameterException(
          spec.commandLine(), "jmh: expected no other section beside it, found " + chosen);
    }
    Table table = new Table(System.out);
    Context context = new Context(threads, rounds, quick, kernels, table);
    Machine.describe(context);
    try {
      for (Section section : chosen) {
        long start = System.nanoTime();
        context.progress("section " + section);
        context.measureLimitsAgain();
        section.run(context, json, peakGflops);
        context.progress(
            "section %s took %.0f s".formatted(section, (System.nanoTime() - start) * 1e-9));
      }
    } finally {
      if (json != null && !table.rows().isEmpty()) {
        table.write(json);
      }
    }
    table.end();
    if (!context.failures().isEmpty()) {
      throw new RealmException(String.join("; ", context.failures()));
    }
  }

  public static void main(String... args) {
    CommandLine line = new CommandLine(new Bench());
    var usage = line.getCommandSpec().usageMessage();
    usage.description(
        Stream.concat(
                Arrays.stream(usage.description()),
                Arrays.stream(Section.values())
                    .map(s -> "  %-8s %s".formatted(s, s.description).replace("%", "%%")))
            .toArray(String[]::new));
    line.setUsageHelpAutoWidth(true);
    line.setExecutionExceptionHandler(
        (e, _, _) -> {
          System.err.println("bench: " + (e instanceof RealmException ? e.getMessage() : e));
          if (!(e instanceof RealmException)) {
            e.printStackTrace();
          }
          return 1;
        });
    System.exit(line.execute(args));
  }
}
