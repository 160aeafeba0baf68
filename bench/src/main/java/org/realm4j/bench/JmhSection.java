package org.realm4j.bench;

import java.nio.file.Path;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.realm4j.io.RealmException;

/** {@code jmh}: the JMH benchmarks of this module, with JMH's own output and results. */
final class JmhSection {
  private JmhSection() {}

  /**
   * @param json where the results go, as JMH writes them
   */
  static void run(Context context, @Nullable Path json) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("org\\.realm4j\\.bench\\..*")
            .param(
                "threads", context.threads().stream().map(String::valueOf).toArray(String[]::new));
    if (context.quick()) {
      options.warmupIterations(1).measurementIterations(2).measurementTime(TimeValue.seconds(1));
    }
    if (json != null) {
      options.resultFormat(ResultFormatType.JSON).result(json.toString());
    }
    try {
      Collection<RunResult> results = new Runner(options.build()).run();
      context.progress(results.size() + " JMH results");
    } catch (RunnerException e) {
      throw new RealmException("jmh: " + e.getMessage(), e);
    }
  }
}
