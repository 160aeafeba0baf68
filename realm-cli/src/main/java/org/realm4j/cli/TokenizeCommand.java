package org.realm4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.text.Vocabulary;
import org.realm4j.text.WordPiece;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm tokenize}. */
@Command(
    name = "tokenize",
    description = {
      "Splits texts into a model's wordpieces.",
      "",
      "Reads JSON lines {\"text\": ...} and writes for each a line {\"tokens\": [...], \"ids\":"
          + " [...], \"offsets\": [[start, end], ...]}. Offsets count code points of the text,"
          + " start included, end excluded, as Python's strings and Hugging Face's tokenizers do."
    },
    footer = {
      "",
      "JSON keys: texts, tokens, unknown, seconds.",
      "",
      "Example: echo '{\"text\": \"Hello world\"}' | realm tokenize --model minilm"
    })
final class TokenizeCommand implements Runnable {
  @Mixin private ModelOption model;

  @Option(
      names = "--special",
      description = "Put [CLS] and [SEP] around each text, with null as their offsets.")
  private boolean special;

  @Parameters(
      paramLabel = "FILE.jsonl",
      arity = "0..1",
      description = "Plain or gzip; stdin if it is left out.")
  private @Nullable Path file;

  @Mixin private JsonOption json;
  @Spec private CommandSpec spec;

  private long texts;
  private long tokens;
  private long unknown;

  @Override
  public void run() {
    long begun = System.nanoTime();
    WordPiece tokenizer = model.tokenizer();
    ResultLines out = new ResultLines(spec.commandLine().getOut());
    TextLines.forEach(file, text -> out.print(Json.format(encode(tokenizer, text.text()))));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("texts", texts);
    figures.put("tokens", tokens);
    figures.put("unknown", unknown);
    figures.put("seconds", Seconds.since(begun));
    json.write(figures);
  }

  private Map<String, Object> encode(WordPiece tokenizer, String text) {
    WordPiece.Encoding encoding = tokenizer.encode(text);
    Vocabulary vocabulary = tokenizer.vocabulary();
    int[] starts = codePoints(text, encoding.starts());
    int[] ends = codePoints(text, encoding.ends());
    List<String> names = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    List<int @Nullable []> offsets = new ArrayList<>();
    if (special) {
      names.add(vocabulary.token(vocabulary.cls()));
      ids.add(vocabulary.cls());
      offsets.add(null);
    }
    for (int t = 0; t < encoding.size(); t++) {
      int id = encoding.ids()[t];
      unknown += id == vocabulary.unk() ? 1 : 0;
      names.add(vocabulary.token(id));
      ids.add(id);
      offsets.add(new int[] {starts[t], ends[t]});
    }
    if (special) {
      names.add(vocabulary.token(vocabulary.sep()));
      ids.add(vocabulary.sep());
      offsets.add(null);
    }
    texts++;
    tokens += ids.size();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("tokens", names);
    line.put("ids", ids);
    line.put("offsets", offsets);
    return line;
  }

  /** UTF-16 offsets, which never decrease, as numbers of code points. */
  private static int[] codePoints(String text, int[] offsets) {
    int[] result = new int[offsets.length];
    int unit = 0;
    int point = 0;
    for (int i = 0; i < offsets.length; i++) {
      point += text.codePointCount(unit, offsets[i]);
      unit = offsets[i];
      result[i] = point;
    }
    return result;
  }
}
