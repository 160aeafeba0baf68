package org.realm4j.qa;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.realm4j.io.RealmException;

class QuestionSetTest {
  @TempDir Path dir;

  private Path file(String content) throws IOException {
    return Files.writeString(dir.resolve("q.txt"), content);
  }

  private List<Question> read(QuestionFormat expected, String content) throws IOException {
    Path file = file(content);
    assertEquals(expected, QuestionFormat.detect(file));
    return QuestionSet.read(file).questions();
  }

  private void refused(QuestionFormat format, String content, String... parts) throws IOException {
    Path file = file(content);
    RealmException e =
        assertThrows(RealmException.BadInput.class, () -> QuestionSet.read(file, format));
    assertTrue(e.getMessage().contains("q.txt"), e.getMessage());
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage() + "\nlacks: " + part);
    }
    assertEquals(1, e.getMessage().lines().count(), "one line: " + e.getMessage());
  }

  @Test
  void jsonLinesHaveOneAnswerOrSeveralAndPerhapsIdAndPassage() throws IOException {
    List<Question> questions =
        read(
            QuestionFormat.JSON_LINES,
            """
            {"question": "who", "answer": ["Röntgen", "Wilhelm"], "passage": "p7", "id": 12}

            {"question": "where", "answer": "here", "spans": [[1, 2]]}
            """);
    assertEquals(
        List.of(
            new Question("who", List.of("Röntgen", "Wilhelm"), false, "p7", "12"),
            Question.of("where", "here")),
        questions);
  }

  @Test
  void gzipIsReadLikePlainText() throws IOException {
    Path file = dir.resolve("q.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("{\"question\": \"q\", \"answer\": [\"a\"]}\n".getBytes(UTF_8));
    }
    assertEquals(new QuestionSet("q.gz", List.of(Question.of("q", "a"))), QuestionSet.read(file));
  }

  @Test
  void aByteOrderMarkHidesNoFormat() throws IOException {
    assertEquals(
        List.of(Question.of("q", "a")),
        read(QuestionFormat.JSON_LINES, "\uFEFF{\"question\": \"q\", \"answer\": \"a\"}"));
  }

  @Test
  void aFormatForPatternsInJsonLinesHasToBeNamed() throws IOException {
    Path file = file("{\"question\": \"q\", \"answer\": [\"a|b\"]}");
    assertFalse(QuestionSet.read(file).question(0).regex());
    assertEquals(
        Question.ofPatterns("q", "a|b"),
        QuestionSet.read(file, QuestionFormat.JSON_LINES_REGEX).question(0));
  }

  @Test
  void webQuestionsOfBothKinds() throws IOException {
    assertEquals(
        List.of(new Question("what?", List.of("Bahamas"), false, null, "wqr3")),
        read(
            QuestionFormat.WEB_QUESTIONS,
            "[\n {\"qId\": \"wqr3\", \"answers\": [\"Bahamas\"], \"qText\": \"what?\"}\n]"));
    assertEquals(
        List.of(Question.of("who?", "Jazmyn \"J\" (1)", "Paris", "É"), Question.of("none?")),
        read(
            QuestionFormat.WEB_QUESTIONS,
            """
            [{"url": "u", "targetValue":
            "(list (description \\"Jazmyn \\\\\\"J\\\\\\" (1)\\") (description Paris)(description É))",
            "utterance": "who?"}, {"utterance": "none?", "targetValue": "(list)"}]
            """
                .replace("\n", " ")));
  }

  @Test
  void curatedTrecTakesTheRestOfTheLineAsPattern() throws IOException {
    List<Question> questions =
        read(
            QuestionFormat.CURATED_TREC,
            "17\tfactoid\tWho?\tMcKinley|Mc\\s?Kinley\n462\tfactoid\tWhat?\tSv\\\t1|rem\n");
    assertEquals(
        new Question("Who?", List.of("McKinley|Mc\\s?Kinley"), true, null, "17"), questions.get(0));
    assertEquals(List.of("Sv\\\t1|rem"), questions.get(1).answers());
    assertTrue(Evaluation.exactMatch(questions.get(1), "Sv\t1"));
  }

  @Test
  void squadOfBothVersions() throws IOException {
    List<Question> questions =
        read(
            QuestionFormat.SQUAD,
            """
            {"version": "v2.0", "data": [{"title": "T", "paragraphs": [
              {"context": "c", "qas": [{"question": "q1", "id": "1", "is_impossible": false,
                "answers": [{"text": "a", "answer_start": 0}, {"text": "b", "answer_start": 1},
                            {"text": "a", "answer_start": 0}]}]},
              {"context": "d", "qas": [{"question": "q2", "id": "2", "is_impossible": true,
                "answers": [{"text": "y"}], "plausible_answers": [{"text": "x", "answer_start": 0}]}]}]}]}
            """);
    assertEquals(
        List.of(
            new Question("q1", List.of("a", "b"), false, "T#0", "1"),
            new Question("q2", List.of(), false, "T#1", "2")),
        questions);
    assertEquals(
        List.of(new Question("q", List.of("a"), false, "#0", "1")),
        read(
            QuestionFormat.SQUAD,
            "{\"data\":[{\"paragraphs\":[{\"qas\":[{\"question\":\"q\",\"id\":\"1\","
                + "\"answers\":[{\"text\":\"a\"}]}]}]}],\"version\":\"1.1\"}"));
  }

  @Test
  void dprListsAreWrittenAsPythonOrJsonWritesThem() throws IOException {
    List<Question> questions =
        read(
            QuestionFormat.DPR_TSV,
            """
            who\t["a", "b\\u00e9"]
            where\t['it\\'s', "Joe's", 'x\\\\y',]
            "say ""hi\"""\t"[""Joe's"", 'q']"
            none\t[]
            """);
    assertEquals(
        List.of(
            Question.of("who", "a", "bé"),
            Question.of("where", "it's", "Joe's", "x\\y"),
            Question.of("say \"hi\"", "Joe's", "q"),
            Question.of("none")),
        questions);
  }

  @Test
  void plainListsHaveOneOrMoreAnswers() throws IOException {
    assertEquals(
        List.of(Question.of("q", "a"), Question.of("r", "b", "c")),
        read(QuestionFormat.TSV, "\uFEFFq\ta\r\nr\tb\tc\r\n"));
    assertEquals(
        List.of(Question.of("q", "a", "b", "c")), read(QuestionFormat.TSV, "q\ta\tb\tc\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"answer\": \"a\"}|'line 1: \"question\": expected a string, found no such key'",
        "{\"question\": \" \", \"answer\": \"a\"}|'\"question\": expected a text, found a blank'",
        "{\"question\": \"q\"}|'\"answer\": expected a string or a list of strings, found no such'",
        "{\"question\": \"q\", \"answer\": 3}|'\"answer\": expected a string or a list of strings, found 3'",
        "{\"question\": \"q\", \"answer\": [\"a\", null]}|'\"answer\"[1]: expected a string, found null'",
        "{\"question\": \"q\", \"answer\": [], \"passage\": 3}|'\"passage\": expected a string, found 3'",
      })
  void jsonLinesNameTheWrongField(String line, String message) throws IOException {
    refused(QuestionFormat.JSON_LINES, line, message);
  }

  @Test
  void tabSeparatedLinesNameTheLineAndTheField() throws IOException {
    refused(QuestionFormat.TSV, "q\ta\nalone", "line 2: fields", "tabs, found 'alone'");
    refused(QuestionFormat.TSV, "\ta", "line 1: question: expected a text, found a blank one");
    refused(QuestionFormat.CURATED_TREC, "1\tfactoid\tq", "line 1: fields", "<TAB>factoid<TAB>q");
    refused(
        QuestionFormat.CURATED_TREC, "1\tlist\tq\ta", "field 2: expected 'factoid', found 'list'");
    refused(QuestionFormat.DPR_TSV, "q\t[\"a\", b]", "answers, character 7", "found 'b]'");
    refused(QuestionFormat.DPR_TSV, "q\t['a", "expected a closing ', found the end");
    refused(QuestionFormat.DPR_TSV, "q\t['a'] x", "expected nothing behind the list, found 'x'");
    refused(QuestionFormat.DPR_TSV, "q\t['\\q']", "expected an escape", "found 'q']'");
    refused(QuestionFormat.DPR_TSV, "q\t['\\u00g']", "hexadecimal digits, found 'g']'");
    refused(QuestionFormat.DPR_TSV, "q\t'a'", "expected '[', found ''a''");
    refused(QuestionFormat.TSV, "\n", "expected questions, found none");
  }

  @Test
  void jsonFilesNameThePath() throws IOException {
    refused(QuestionFormat.WEB_QUESTIONS, "{}", "expected a list of questions, found an object");
    refused(
        QuestionFormat.WEB_QUESTIONS,
        "[{\"qText\": \"q\", \"answers\": [\"a\"]}, {\"qText\": \"q\"}]",
        "[1]: \"answers\": expected a string or a list");
    for (String target : List.of("a", "(list (name a))", "(list (description \\\"a))", "(list")) {
      refused(
          QuestionFormat.WEB_QUESTIONS,
          "[{\"utterance\": \"q\", \"targetValue\": \"" + target + "\"}]",
          "[0]: \"targetValue\": expected (list (description \"..\") ..), found '");
    }
    refused(
        QuestionFormat.SQUAD,
        "{\"data\": [{\"paragraphs\": [{\"qas\": [{\"question\": \"q\", \"answers\": [3]}]}]}]}",
        "data[0]: paragraphs[0]: qas[0]: answers[0]: expected an object, found 3");
  }

  @Test
  void aPatternThatDoesNotCompileIsRefusedUnlessTheCallerTakesIt() throws IOException {
    String content = "1\tfactoid\tq\ta|b\n2\tfactoid\tr\tx(\n";
    refused(
        QuestionFormat.CURATED_TREC,
        content,
        "line 2: answer: expected a regular expression, found 'x(': Unclosed group");
    List<String> problems = new ArrayList<>();
    QuestionSet set = QuestionSet.read(file(content), QuestionFormat.CURATED_TREC, problems::add);
    assertEquals(2, set.size());
    assertEquals(1, problems.size());
    assertTrue(problems.getFirst().contains("line 2"), problems.getFirst());
  }

  @ParameterizedTest
  @CsvSource({"''", "hello", "[1]", "'{\"a\": 1}'", "'[\"q\",\t\"a\"]'"})
  void whatIsNoKnownFormatIsSaid(String content) throws IOException {
    Path file = file(content);
    RealmException e =
        assertThrows(RealmException.BadInput.class, () -> QuestionFormat.detect(file));
    assertTrue(e.getMessage().contains("expected JSON lines"), e.getMessage());
    assertTrue(
        e.getMessage().contains(content.isEmpty() ? "found nothing" : "found '"), e.getMessage());
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = dir.resolve("none.jsonl");
    RealmException e = assertThrows(RealmException.BadInput.class, () -> QuestionSet.read(missing));
    assertTrue(e.getMessage().contains("none.jsonl"), e.getMessage());
  }

  @Test
  void questionsAreImmutableAndNotBlank() {
    List<String> answers = new ArrayList<>(List.of("a"));
    Question question = new Question("q", answers, false, null, null);
    answers.add("b");
    assertEquals(List.of("a"), question.answers());
    assertNull(question.passage());
    assertThrows(RealmException.BadInput.class, () -> Question.of(" "));
  }
}
