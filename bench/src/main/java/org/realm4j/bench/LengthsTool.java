package org.realm4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.realm4j.corpus.Corpus;
import org.realm4j.io.Json;
import org.realm4j.io.RealmException;
import org.realm4j.nn.BertFolder;
import org.realm4j.text.WordPiece;

/**
 * Makes the resource of {@link Lengths}: counts the wordpieces of passages ({@code id, title,
 * text}) and of questions ({@code question}), JSON lines both. Only the numbers are kept.
 *
 * <p>Usage: {@code LengthsTool MODEL_FOLDER PASSAGES.jsonl.gz QUESTIONS.jsonl STEP lengths.txt}; of
 * the passages and questions each STEP-th is taken.
 */
final class LengthsTool {
  private LengthsTool() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 5) {
      throw new RealmException.BadInput("usage: LengthsTool MODEL PASSAGES QUESTIONS STEP OUT");
    }
    WordPiece pieces = BertFolder.tokenizer(Path.of(args[0]));
    int step = Integer.parseInt(args[3]);
    List<Integer> titles = new ArrayList<>();
    List<Integer> bodies = new ArrayList<>();
    int[] at = {0};
    Corpus.jsonLines(Path.of(args[1]))
        .forEach(
            p -> {
              if (at[0]++ % step == 0) {
                titles.add(pieces.ids(p.title()).length);
                bodies.add(pieces.ids(p.text()).length);
              }
            });
    List<Integer> questions = new ArrayList<>();
    List<String> lines = Files.readAllLines(Path.of(args[2]));
    for (int i = 0; i < lines.size(); i += step) {
      questions.add(pieces.ids(Json.parseObject(lines.get(i), args[2]).string("question")).length);
    }
    Files.writeString(
        Path.of(args[4]),
        """
        # Wordpieces of passages of Wikipedia and of questions of SQuAD; see Lengths.
        %s
        %s
        %s
        """
            .formatted(
                line("titles", titles), line("bodies", bodies), line("questions", questions)));
  }

  private static String line(String name, List<Integer> values) {
    return name + " " + values.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }
}
