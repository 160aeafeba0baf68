package org.realm4j.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;

class CorpusTest {
  @TempDir Path dir;

  static List<Passage> read(Corpus corpus) {
    List<Passage> passages = new ArrayList<>();
    corpus.forEach(passages::add);
    return passages;
  }

  private Path file(String name, String content) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static void refused(Corpus corpus, String... parts) {
    RealmException e = assertThrows(RealmException.class, () -> read(corpus));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage() + "\nlacks: " + part);
    }
    assertEquals(1, e.getMessage().lines().count(), "one line: " + e.getMessage());
  }

  @Test
  void jsonLinesReadsIdsOfBothKindsAndCountsWhereThereIsNone() throws IOException {
    Path file =
        file(
            "docs.jsonl",
            """
            {"id":"a","title":"T","text":"one","more":{"x":[1]}}
            {"id":17,"title":"","text":"tw\\u00f6"}

            {"title":"U","text":"three"}
            """);
    assertEquals(
        List.of(
            new Passage("a", "T", "one"),
            new Passage("17", "", "twö"),
            new Passage("4", "U", "three")),
        read(Corpus.jsonLines(file)));
  }

  @Test
  void jsonLinesReadsGzipAndTheSameTwice() throws IOException {
    Path file = dir.resolve("docs.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("{\"title\":\"T\",\"text\":\"one\"}\n".getBytes(UTF_8));
    }
    Corpus corpus = Corpus.jsonLines(file);
    assertEquals(List.of(new Passage("1", "T", "one")), read(corpus));
    assertEquals(read(corpus), read(corpus));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"title\":\"T\"}",
        "{\"text\":\"T\"}",
        "{\"title\":1,\"text\":\"x\"}",
        "{\"title\":\"T\",\"text\":null}",
        "{\"id\":1.5,\"title\":\"T\",\"text\":\"x\"}",
        "{\"id\":\"\",\"title\":\"T\",\"text\":\"x\"}",
        "[1]",
        "{\"title\":",
        "7"
      })
  void jsonLinesNamesTheLineThatIsNoPassage(String line) throws IOException {
    Path file = file("bad.jsonl", "{\"title\":\"T\",\"text\":\"x\"}\n" + line + "\n");
    refused(Corpus.jsonLines(file), "bad.jsonl", "line 2");
  }

  @Test
  void jsonLinesNamesBothLinesOfADuplicateId() throws IOException {
    String passage = "{\"id\":\"x\",\"title\":\"T\",\"text\":\"x\"}\n";
    refused(
        Corpus.jsonLines(file("twice.jsonl", passage + "\n" + passage)), "'x'", "line 3", "line 1");
  }

  @Test
  void aNumberedPassageMayNotMeetAnIdThatLooksLikeIt() throws IOException {
    Path file =
        file(
            "clash.jsonl",
            "{\"id\":\"2\",\"title\":\"\",\"text\":\"x\"}\n{\"title\":\"\",\"text\":\"y\"}\n");
    refused(Corpus.jsonLines(file), "'2'", "line 1", "line 2");
  }

  @Test
  void anExceptionOfTheConsumerComesOutUnchanged() throws IOException {
    Corpus corpus = Corpus.jsonLines(file("a.jsonl", "{\"title\":\"T\",\"text\":\"x\"}\n"));
    IllegalStateException mine = new IllegalStateException("mine");
    assertEquals(
        mine,
        assertThrows(
            IllegalStateException.class,
            () ->
                corpus.forEach(
                    passage -> {
                      throw mine;
                    })));
  }

  @Test
  void dprTsvUndoublesQuotationMarks() throws IOException {
    Path file =
        file(
            "psgs.tsv",
            "id\ttext\ttitle\n"
                + "1\t\"Aaron ( or ; \"\"Ahärôn\"\") is\ta prophet\"\tAaron\n"
                + "2\tplain \"in the middle\"\t\"The \"\"Who\"\"\"\n"
                + "3\t\"\"\tEmpty\n");
    assertEquals(
        List.of(
            new Passage("1", "Aaron", "Aaron ( or ; \"Ahärôn\") is\ta prophet"),
            new Passage("2", "The \"Who\"", "plain \"in the middle\""),
            new Passage("3", "Empty", "")),
        read(Corpus.dprTsv(file)));
  }

  /** Quoting as Python's csv writer does gives the same fields back. */
  @Property(tries = 500, seed = "11")
  void dprTsvUndoesAnyQuoting(@ForAll List<@Chars({'"', '\t', 'a', ' ', 'é'}) String> fields) {
    String line =
        fields.stream()
            .map(field -> '"' + field.replace("\"", "\"\"") + '"')
            .collect(Collectors.joining("\t"));
    assertEquals(fields.isEmpty() ? List.of("") : fields, DprTsvCorpus.fields(line, "here"));
  }

  @Test
  void dprTsvRefusesWhatIsNotThatFormat() throws IOException {
    refused(Corpus.dprTsv(file("h.tsv", "1\tx\ty\n")), "line 1", "header", "1<TAB>x<TAB>y");
    String header = "id\ttext\ttitle\n";
    refused(Corpus.dprTsv(file("f.tsv", header + "1\tx\n")), "line 2", "3 fields", "found 2");
    refused(Corpus.dprTsv(file("g.tsv", header + "1\tx\ty\t\n")), "line 2", "found 4");
    refused(Corpus.dprTsv(file("q.tsv", header + "1\t\"x\ty\n")), "line 2", "column 3");
    refused(Corpus.dprTsv(file("d.tsv", header + "1\tx\ty\n1\tz\ty\n")), "'1'", "line 3", "line 2");
  }

  @Test
  void plainTextSeparatesParagraphsAtBlankLines() throws IOException {
    file("folder/b.txt", "one\n  two  \n\n \n\nthree\r\n");
    file("folder/a/deep.v2.txt", "four");
    file("folder/ignored.md", "no");
    file("folder/empty.txt", "\n\n");
    assertEquals(
        List.of(
            new Passage("a/deep.v2:1", "deep.v2", "four"),
            new Passage("b:1", "b", "one two"),
            new Passage("b:2", "b", "three")),
        read(Corpus.plainText(dir.resolve("folder"))));
    assertEquals(
        List.of(new Passage("b:1", "b", "one two"), new Passage("b:2", "b", "three")),
        read(Corpus.plainText(dir.resolve("folder/b.txt"))));
  }

  @Test
  void plainTextSaysThatAFolderHasNoText() throws IOException {
    file("md/readme.md", "no");
    refused(Corpus.plainText(dir.resolve("md")), "*.txt", "none");
  }

  @Test
  void aListNamesBothPositionsOfADuplicateId() {
    Passage passage = new Passage("x", "", "y");
    RealmException e =
        assertThrows(
            RealmException.BadInput.class,
            () -> Corpus.of(List.of(passage, new Passage("z", "", "y"), passage)));
    assertTrue(e.getMessage().contains("position 3"), e.getMessage());
    assertTrue(e.getMessage().contains("position 1"), e.getMessage());
  }
}
