package org.realm4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm embed}. */
@Command(
    name = "embed",
    description = {
      "Turns texts into vectors.",
      "",
      "Reads JSON lines {\"text\": ...}, with a \"title\" where a REALM model embeds passages, and"
          + " writes for each a line {\"vector\": [...]}, or all of them as the rows of a matrix"
          + " in NumPy's format. The model is a plain BERT (config.json, vocab.txt,"
          + " model.safetensors) or a REALM (realm.json). Texts beyond the model's limit are cut,"
          + " with a warning."
    },
    footer = {
      "",
      "JSON keys: texts, tokens, cut, dimension, pooling, backend, seconds.",
      "",
      "Example: realm embed --model minilm --normalize --output vectors.npy texts.jsonl"
    })
final class EmbedCommand implements Runnable {
  /** Tokens of a packed batch: enough to fill the kernels, little enough to stay in memory. */
  private static final int BATCH_TOKENS = 2048;

  @Mixin private ModelOption model;

  @Option(
      names = "--pooling",
      paramLabel = "KIND",
      description = {
        "cls: the last hidden state of [CLS]; mean: of all tokens; projection: the vector of a"
            + " REALM's retriever. Default: projection for a REALM, mean for a plain BERT."
      })
  private TextEncoder.@Nullable Pooling pooling;

  @Option(
      names = "--as",
      paramLabel = "ROLE",
      defaultValue = "query",
      description = "What the texts are to a REALM: query (the default) or passage.")
  private TextEncoder.Role role;

  @Option(names = "--normalize", description = "Scale every vector to length 1.")
  private boolean normalize;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "A matrix if it ends with .npy, else JSON lines; stdout if it is left out.")
  private @Nullable Path output;

  @Parameters(
      paramLabel = "FILE.jsonl",
      arity = "0..1",
      description = "Plain or gzip; stdin if it is left out.")
  private @Nullable Path file;

  @Mixin private ComputeOptions compute;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  private final List<InputSequence> batch = new ArrayList<>();
  private int batchTokens;
  private long texts;
  private long tokens;
  private long cut;

  @Override
  public void run() {
    long begun = System.nanoTime();
    TextEncoder encoder = TextEncoder.open(model.dir(), pooling, role);
    Backend backend = compute.backend();
    try (Session session = backend.open(compute.threads());
        VectorOutput vectors =
            VectorOutput.open(output, spec.commandLine().getOut(), encoder.dimension())) {
      TextLines.forEach(file, text -> add(encoder, text, session, vectors));
      flush(encoder, session, vectors);
      vectors.complete();
    }
    if (cut > 0) {
      spec.commandLine()
          .getErr()
          .printf(
              "realm: warning: %,d of %,d texts were longer than %,d wordpieces and were cut%n",
              cut, texts, encoder.limit());
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("texts", texts);
    figures.put("tokens", tokens);
    figures.put("cut", cut);
    figures.put("dimension", encoder.dimension());
    figures.put("pooling", Choices.word(encoder.pooling()));
    figures.put("backend", backend.name());
    figures.put("seconds", Seconds.since(begun));
    json.write(figures);
  }

  private void add(
      TextEncoder encoder, TextLines.Text text, Session session, VectorOutput vectors) {
    TextEncoder.Input input = encoder.input(text);
    int length = input.sequence().length();
    if (batchTokens + length > BATCH_TOKENS) {
      flush(encoder, session, vectors);
    }
    batch.add(input.sequence());
    batchTokens += length;
    texts++;
    tokens += length;
    cut += input.cut() ? 1 : 0;
  }

  private void flush(TextEncoder encoder, Session session, VectorOutput vectors) {
    if (batch.isEmpty()) {
      return;
    }
    try (Tape tape = session.infer()) {
      float[] rows = encoder.encode(session, TokenBatch.of(batch)).toArray();
      if (normalize) {
        normalize(rows, encoder.dimension());
      }
      vectors.add(rows);
    }
    batch.clear();
    batchTokens = 0;
  }

  private static void normalize(float[] rows, int dimension) {
    for (int from = 0; from < rows.length; from += dimension) {
      double squares = 0;
      for (int i = from; i < from + dimension; i++) {
        squares += (double) rows[i] * rows[i];
      }
      double length = Math.sqrt(squares);
      for (int i = from; length > 0 && i < from + dimension; i++) {
        rows[i] = (float) (rows[i] / length);
      }
    }
  }
}
