package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.Realm;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.qa.Asking;
import org.realm4j.qa.Outcome;
import org.realm4j.qa.QuestionSet;
import org.realm4j.retrieval.PassageEmbedder;

class DemoCommandTest {
  @TempDir Path folder;

  /** The whole length on a tiny model that stands where the imported MiniLM would. */
  private Ran demo(Object... more) throws IOException {
    TinyFiles.bert(folder.resolve("cache/all-minilm-l6-v2"));
    Path lines = TinyFiles.jsonLines(folder.resolve("docs.jsonl"), TinyFiles.passages());
    Object[] args = {
      "demo",
      "--cache",
      folder.resolve("cache"),
      "--jsonl",
      lines,
      "--steps",
      7,
      "--warm-up-steps",
      3,
      "--cloze-steps",
      1,
      "--held-out",
      4,
      "--json",
      folder.resolve("figures.json")
    };
    Object[] all = java.util.Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return Ran.realm(all);
  }

  @Test
  void figuresAreThoseThatItPrintsAndDocuments() throws IOException {
    Ran ran = demo("--output", folder.resolve("model")).succeeded();
    JsonObject figures = Json.parseObject(folder.resolve("figures.json"));
    assertEquals(20, figures.integer("passages"));
    assertEquals(2, figures.integer("refreshes"));
    String help = Ran.realm("demo", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    for (String part : new String[] {"before", "after", "control"}) {
      JsonObject summary = figures.object(part);
      summary.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
      String printed =
          String.format(java.util.Locale.ROOT, "%.3f", summary.number("spanLogLikelihood"));
      assertTrue(ran.out().contains(printed), () -> part + ": " + printed + " in " + ran);
    }
    assertTrue(ran.out().contains("BM25"), ran::toString);
    try (Realm realm = Realm.open(folder.resolve("model"))) {
      assertEquals(TinyFiles.vocabulary().size(), realm.model().vocabulary().size());
      assertFalse(realm.answers());
    }
    assertFalse(figures.has("qa"));
  }

  /** Ten questions, two of which are held out for want of others. */
  private Path questions() throws IOException {
    List<String> lines = new ArrayList<>();
    Pattern pattern = Pattern.compile("The (capital of \\w+) is (\\w+)");
    int number = 0; // the id of a passage without one is that of its line
    for (String line : TinyFiles.passages()) {
      number++;
      Matcher fact = pattern.matcher(Json.parseObject(line, "passage").string("text"));
      if (fact.find()) {
        Map<String, Object> question = new LinkedHashMap<>();
        question.put("passage", Integer.toString(number));
        question.put("question", "is there a " + fact.group(1));
        question.put("answer", List.of(fact.group(2)));
        lines.add(Json.format(question));
      }
    }
    assertEquals(10, lines.size());
    return TinyFiles.jsonLines(folder.resolve("questions.jsonl"), lines);
  }

  private Ran demoWithQuestions(Object... more) throws IOException {
    List<Object> args = new ArrayList<>();
    args.addAll(List.of("--questions", questions(), "--question-steps", 3));
    args.addAll(List.of("--reader-cloze-steps", 1, "--output", folder.resolve("model")));
    args.addAll(List.of(more));
    return demo(args.toArray());
  }

  @Test
  void whatItLeavesAnswersTheHeldOutQuestionsAsItPrinted() throws IOException {
    Ran ran = demoWithQuestions().succeeded();
    JsonObject figures = Json.parseObject(folder.resolve("figures.json"));
    String help = Ran.realm("demo", "--help").out();
    figures.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    for (String row : List.of("qa", "qaBm25", "qaWithoutPretraining")) {
      figures.object(row).fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
      assertEquals(2, figures.object(row).integer("questions"));
    }
    QuestionSet test = DemoQuestions.read(folder.resolve("questions.jsonl"), null).test();
    double right = 0;
    double f1 = 0;
    double read = 0;
    try (Realm realm = Realm.open(folder.resolve("model"))) {
      for (Outcome outcome : realm.evaluate(test, Asking.usual(), PassageEmbedder.Progress.NONE)) {
        right += outcome.right() ? 0.5 : 0;
        f1 += outcome.f1() / 2;
        read += outcome.ranking().answerWithin(5) ? 0.5 : 0;
        assertTrue(ran.out().contains(outcome.question().text()), ran::toString);
        assertTrue(ran.out().contains("  " + outcome.prediction() + " ("), ran::toString);
      }
    }
    assertEquals(right, figures.object("qa").number("em"));
    assertEquals(f1, figures.object("qa").number("f1"));
    assertEquals(read, figures.object("qa").number("oracle"));
    assertTrue(ran.out().contains("realm ask " + folder.resolve("model")), ran::toString);
  }

  @Test
  void differencesAreThoseOfTheRows() throws IOException {
    demoWithQuestions().succeeded();
    JsonObject figures = Json.parseObject(folder.resolve("figures.json"));
    for (String key : List.of("em", "f1", "recall1", "recall5", "answerRecall5", "oracle")) {
      double realm = figures.object("qa").number(key);
      assertEquals(
          realm - figures.object("qaBm25").number(key),
          figures.object("qaMinusBm25").number(key),
          1e-9);
      assertEquals(
          realm - figures.object("qaWithoutPretraining").number(key),
          figures.object("qaMinusWithoutPretraining").number(key),
          1e-9);
    }
  }

  @Test
  void theSameSeedGivesTheSameAnswers() throws IOException {
    List<String> first = answers(demoWithQuestions().succeeded());
    assertEquals(2, first.size());
    assertEquals(first, answers(demoWithQuestions("--threads", 1).succeeded()));
    assertNotEquals(first, answers(demoWithQuestions("--seed", 2).succeeded()));
  }

  /** Questions, answers and probabilities. */
  private static List<String> answers(Ran ran) {
    return ran.out().lines().filter(line -> line.startsWith("  is there a ")).toList();
  }

  @Test
  void questionsThatCannotBeAskedAreRefusedInOneLineBeforeAnythingIsTrained() throws IOException {
    Path elsewhere =
        TinyFiles.jsonLines(
            folder.resolve("elsewhere.jsonl"),
            List.of(
                "{\"question\": \"is there a river\", \"answer\": \"Bonn\", \"passage\": \"n1\"}",
                "{\"question\": \"is there a town\", \"answer\": \"Bonn\", \"passage\": \"n1\"}"));
    Ran ran = demo("--questions", elsewhere);
    ran.failedWith("elsewhere.jsonl", "among the 20 of the corpus", "found none");
    assertFalse(ran.err().contains("inverse cloze task"), ran::toString);
    demo("--questions", folder.resolve("nowhere.jsonl")).failedWith("nowhere.jsonl");
    demo("--test-questions", elsewhere).wasWrongUse("--questions");
    demo("--questions", elsewhere, "--no-questions").wasWrongUse("--no-questions");
  }

  @Test
  void theSameSeedGivesTheSameFigures() throws IOException {
    demo().succeeded();
    JsonObject first = Json.parseObject(folder.resolve("figures.json"));
    demo("--threads", 1).succeeded();
    JsonObject second = Json.parseObject(folder.resolve("figures.json"));
    for (String part : new String[] {"before", "after", "control"}) {
      assertEquals(first.object(part).fields(), second.object(part).fields());
    }
  }

  @Test
  void aCorpusThatIsTooSmallIsRefusedInOneLine() throws IOException {
    demo("--max-passages", 5).failedWith("expected", "found");
  }
}
