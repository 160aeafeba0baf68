package org.realm4j.corpus;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.realm4j.text.Passage;

/**
 * A source of passages, read from the beginning at each call of {@link #forEach}.
 *
 * <p>Every corpus gives the same passages in the same order each time, ids occur once, and what is
 * wrong with a file is reported as a {@link org.realm4j.io.RealmException.BadInput} that names file
 * and line. The corpora of this package hold no open file between calls and may be read by several
 * threads at once, each with its own call.
 */
public interface Corpus {

  /**
   * Gives every passage to the consumer, in order. Nothing but the ids is kept in memory. An
   * exception of the consumer ends the reading and comes out unchanged.
   *
   * @throws org.realm4j.io.RealmException.BadInput for a line that is no passage, or an id that
   *     occurs twice
   */
  void forEach(Consumer<Passage> consumer);

  /** What this is, in a few words for reports and logs, such as {@code JSON lines docs.jsonl}. */
  String describe();

  /**
   * One JSON object a line, plain or gzipped, with the strings {@code title} and {@code text} and,
   * if one likes, {@code id} (a string or a whole number). Other fields are ignored, empty lines
   * skipped. A passage without id gets its line number, counted from 1.
   */
  static Corpus jsonLines(Path file) {
    return new JsonLinesCorpus(file);
  }

  /**
   * The format of DPR's {@code psgs_w100.tsv}, plain or gzipped: a header line, then {@code
   * id<TAB>text<TAB>title}. A field may be quoted as in CSV, with quotation marks inside doubled.
   */
  static Corpus dprTsv(Path file) {
    return new DprTsvCorpus(file);
  }

  /**
   * A text file, or all files {@code *.txt} in a folder and its subfolders in the order of their
   * relative paths. Blank lines separate passages; the lines of one are joined by spaces. The title
   * is the file's name without its suffix, the id is {@code path:n}, with the path relative to the
   * folder, without suffix, and n counted from 1 in each file.
   */
  static Corpus plainText(Path fileOrFolder) {
    return new PlainTextCorpus(fileOrFolder);
  }

  /**
   * Passages in memory.
   *
   * @throws org.realm4j.io.RealmException.BadInput if an id is empty or occurs twice
   */
  static Corpus of(List<Passage> passages) {
    return new ListCorpus(passages);
  }
}
