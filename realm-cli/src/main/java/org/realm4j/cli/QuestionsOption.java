package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.realm4j.qa.QuestionFormat;
import org.realm4j.qa.QuestionSet;
import picocli.CommandLine.Option;

/** The options {@code --questions} and {@code --format}. */
final class QuestionsOption {
  @Option(
      names = "--questions",
      paramLabel = "FILE",
      required = true,
      description = "Questions with their answers, plain or gzip.")
  private Path file;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = {
        "json-lines ({\"question\", \"answer\"}, as NQ-open), json-lines-regex, web-questions,"
            + " curated-trec, squad, dpr-tsv or tsv (question<TAB>answer). By default recognised"
            + " by the content; json-lines-regex has to be named."
      })
  private @Nullable QuestionFormat format;

  /** Reads the file; tells of regular expressions that do not compile, which never match. */
  QuestionSet read(PrintWriter err) {
    return QuestionSet.read(
        file,
        format == null ? QuestionFormat.detect(file) : format,
        problem -> err.println("realm: warning: " + problem));
  }
}
