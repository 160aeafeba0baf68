package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.PublishedFolder;

class AskCommandTest {
  private static final String QUESTION = "the capital of Norway?";

  @TempDir static Path shared;
  private static Path mine;

  @TempDir Path folder;

  @BeforeAll
  static void fineTune() throws IOException {
    mine = TinyFiles.answering(shared.resolve("mine"));
  }

  @Test
  void aQuestionIsAnsweredWithItsPassages() {
    Ran ran = Ran.realm("ask", mine, QUESTION).succeeded();
    List<String> lines = ran.out().lines().toList();
    assertTrue(lines.getFirst().startsWith("**Oslo**  (probability "), ran::toString);
    assertEquals(5, lines.stream().filter(line -> line.contains("  p(z|x) ")).count());
    assertTrue(ran.out().contains("There are many people in **Oslo** and"), ran::toString);
    assertTrue(ran.out().contains("index of step 0"), ran::toString);
    assertFalse(ran.out().contains("\u001b"), "no colours outside a terminal");
  }

  @Test
  void jsonHoldsAllOfTheAnswer() {
    JsonObject answer = only(Ran.realm("ask", mine, "--json", "--read", 4, QUESTION).succeeded());
    assertEquals(QUESTION, answer.string("question"));
    assertEquals("Oslo", answer.string("answer"));
    double probability = answer.number("probability");
    assertTrue(probability > 0 && probability <= 1, answer::toString);
    double sum = 0;
    boolean said = false;
    for (Object entry : answer.list("evidence")) {
      JsonObject evidence = JsonObject.of(entry, "evidence");
      sum += evidence.number("probability");
      String text = evidence.string("text");
      for (Object span : evidence.list("spans")) {
        assertEquals("Oslo", cut(text, (List<?>) span));
        said = true;
      }
      assertFalse(cut(text, evidence.list("best")).isBlank());
    }
    assertEquals(4, answer.list("evidence").size());
    assertEquals(1, sum, 1e-5, "p(z|x) of the passages that were read");
    assertTrue(said);
    assertFalse(answer.bool("cut"));
    assertEquals(0, answer.integer("generation"));
    String help = Ran.realm("ask", "--help").out();
    answer.fields().keySet().forEach(key -> assertTrue(help.contains(key), key));
    JsonObject.of(answer.list("evidence").getFirst(), "evidence")
        .fields()
        .keySet()
        .forEach(key -> assertTrue(help.contains(key), key));
  }

  @Test
  void asManyAlternativesAreToldAsWereAskedFor() {
    List<Object> ask = List.of("ask", mine, "--json", "--read", 3, QUESTION);
    List<Object> three = only(Ran.realm(ask).succeeded()).list("alternatives");
    assertTrue(!three.isEmpty() && three.size() <= 3, three::toString);
    List<Object> one = only(Ran.realm(ask, List.of("--alternatives", 1))).list("alternatives");
    assertEquals(three.subList(0, 1), one);
    assertEquals(
        List.of(), only(Ran.realm(ask, List.of("--alternatives", 0))).list("alternatives"));
  }

  private static String cut(String text, List<?> span) {
    return text.substring(
        ((Number) span.getFirst()).intValue(), ((Number) span.getLast()).intValue());
  }

  @Test
  void wordsWithoutQuotesAreOneQuestion() {
    JsonObject answer =
        only(Ran.realm("ask", mine, "--json", "the", "capital", "of", "Norway?").succeeded());
    assertEquals(QUESTION, answer.string("question"));
  }

  @Test
  void quotedQuestionsAndLinesOfStdinAreAnsweredInOrder() {
    String second = "the capital of Peru?";
    Ran arguments = Ran.realm("ask", mine, QUESTION, second).succeeded();
    Ran lines = Ran.realmReading("\n" + QUESTION + "\n\n" + second, "ask", mine).succeeded();
    assertEquals(arguments.out(), lines.out());
    assertTrue(lines.out().indexOf("> " + QUESTION) < lines.out().indexOf("**Oslo**"));
    assertTrue(lines.out().indexOf("> " + second) < lines.out().indexOf("**Lima**"));
    List<JsonObject> json =
        Ran.realmReading(QUESTION + "\n" + second, "ask", mine, "--json").json();
    assertEquals(List.of("Oslo", "Lima"), json.stream().map(a -> a.string("answer")).toList());
  }

  @Test
  void whatIsUnlikelyIsNoAnswer() {
    List<Object> ask = List.of("ask", mine, "--read", 3, QUESTION);
    JsonObject likely = only(Ran.realm(ask, List.of("--json")).succeeded());
    double above = (likely.number("probability") + 1) / 2;
    JsonObject answer = only(Ran.realm(ask, List.of("--json", "--threshold", above)).succeeded());
    assertTrue(answer.fields().containsKey("answer"));
    assertNull(answer.fields().get("answer"));
    assertEquals(likely.number("probability"), answer.number("probability"));
    Ran ran = Ran.realm(ask, List.of("--threshold", above)).succeeded();
    assertTrue(ran.out().startsWith("no answer: "), ran::toString);
  }

  @Test
  void anEmptyQuestionIsRefused() {
    Ran.realm("ask", mine, "").failedWith("question: expected a text, found a blank one");
    Ran.realm("ask", mine, "   ").failedWith("question: expected a text, found a blank one");
    Ran.realmReading("\n \n", "ask", mine).failedWith("stdin: expected a question on each line");
  }

  @Test
  void anEndlessQuestionIsCutAndThisIsSaid() {
    String question = QUESTION + " " + "visitors ".repeat(10_000).strip();
    JsonObject answer = only(Ran.realmReading(question, "ask", mine, "--json").succeeded());
    assertTrue(answer.bool("cut"));
    assertEquals(question, answer.string("question"));
    Ran ran = Ran.realmReading(question, "ask", mine).succeeded();
    assertTrue(ran.out().contains("its end was cut"), ran::toString);
    assertTrue(ran.out().length() < 5_000, "the question is not repeated in full");
  }

  @ParameterizedTest
  @ValueSource(strings = {"挪威的首都是哪里？", "🇳🇴🏙️❓", "\u0000\u0007", "?"})
  void anyCharactersMayBeAsked(String question) {
    JsonObject answer = only(Ran.realmReading(question, "ask", mine, "--json").succeeded());
    assertEquals(question, answer.string("question"));
    assertEquals(5, answer.list("evidence").size());
  }

  @Test
  void otherFoldersAreToldApart() throws IOException {
    Ran.realm("ask", shared.resolve("realm"), QUESTION)
        .failedWith("realm: expected a folder with model, corpus and index", "a REALM model alone");
    Ran.realm("ask", shared.resolve("realm-bert"), QUESTION).failedWith("found a plain BERT");
    Ran.realm("ask", shared.resolve("corpus"), QUESTION).failedWith("found none of them");
    Ran.realm("ask", folder, QUESTION).failedWith("found none of them", "'realm finetune'");
    Ran.realm("ask", folder.resolve("none"), QUESTION).failedWith("none: expected the folder");
    Ran.realm("ask").wasWrongUse("FOLDER");
    Ran.realm("ask", mine, QUESTION, "--threshold", "2").wasWrongUse("--threshold", "from 0 to 1");
  }

  @Test
  void aModelWithoutAReaderIsRefused() {
    Path start = folder.resolve("new");
    Ran.realm(
            List.of("finetune", "--model", shared.resolve("realm")),
            List.of("--corpus", shared.resolve("corpus")),
            List.of("--questions", shared.resolve("questions.jsonl")),
            List.of("--output", start, "--steps", 2, "--stop-after", 1))
        .succeeded();
    Ran.realm("ask", folder.resolve("new.work/start"), QUESTION)
        .failedWith("expected a model with a reader", "found one without");
    Ran check = Ran.realm("check", folder.resolve("new.work/start")).succeeded();
    assertTrue(check.out().contains("no reader"), check::toString);
  }

  @Test
  void aMissingPartIsNamed() throws IOException {
    for (String part : List.of("reader", "corpus", "model", "index.safetensors")) {
      Path copy = TinyFiles.copy(mine, folder.resolve("without-" + part));
      Artifacts.deleteTree(generation(copy).resolve(part));
      Ran.realm("ask", copy, QUESTION).failedWith("/" + part, "found no file");
      Ran check = Ran.realm("check", copy);
      check.failedWith("1 of 1");
      assertEquals(1, check.out().lines().count(), check::toString);
      assertTrue(check.out().contains("/" + part), check::toString);
    }
  }

  /** Files of the same length, as any two runs from one model give. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "reader/model.safetensors",
        "model/query_retriever/model.safetensors",
        "model/retriever/model.safetensors",
        "model/encoder/model.safetensors",
        "index.safetensors"
      })
  void aPartOfAnotherRunIsNamed(String part) throws IOException {
    Path copy = TinyFiles.copy(mine, folder.resolve("mixed"));
    Path file = generation(copy).resolve(part);
    byte[] before = Files.readAllBytes(file);
    before[before.length - 400] ^= 1; // the lowest bit of a weight: another model, as valid as this
    Files.write(file, before);
    if (part.startsWith("index")) {
      Ran.realm("ask", copy, QUESTION).succeeded(); // a changed vector is for 'check' to find
    } else {
      Ran.realm("ask", copy, QUESTION).failedWith("index.safetensors", "different runs");
    }
    Ran check = Ran.realm("check", copy);
    check.failedWith("1 of 1");
    assertEquals(1, check.out().lines().count(), check::toString);
    assertTrue(check.out().contains(part), check::toString);
  }

  @Test
  void aMovedFolderAndACopyAnswerTheSame() throws IOException {
    JsonObject expected = only(Ran.realm("ask", mine, "--json", QUESTION).succeeded());
    Path copy = TinyFiles.copy(mine, folder.resolve("copy"));
    assertSameAnswer(expected, copy);
    Path moved = Files.move(copy, folder.resolve("moved somewhere else"));
    assertSameAnswer(expected, moved);
  }

  private static void assertSameAnswer(JsonObject expected, Path model) {
    JsonObject answer = only(Ran.realm("ask", model, "--json", QUESTION).succeeded());
    for (String key : expected.fields().keySet()) {
      if (!key.equals("seconds")) {
        assertEquals(expected.fields().get(key), answer.fields().get(key), key);
      }
    }
  }

  /** The permissions stop everybody but root, the comparison of all files everybody. */
  @Test
  void twoProcessesAnswerFromAReadOnlyFolder() throws IOException, InterruptedException {
    Path copy = TinyFiles.copy(mine, folder.resolve("readonly"));
    Set<String> before = state(copy);
    permit(copy, false);
    try {
      List<Process> processes = new ArrayList<>();
      List<Path> outputs = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Path output = folder.resolve("answers" + i);
        outputs.add(output);
        processes.add(
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-modules",
                    "jdk.incubator.vector",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Main.class.getName(),
                    "ask",
                    copy.toString(),
                    "--json",
                    "--threads",
                    "1",
                    QUESTION)
                .redirectOutput(output.toFile())
                .redirectError(folder.resolve("errors" + i).toFile())
                .start());
      }
      for (int i = 0; i < 2; i++) {
        int status = processes.get(i).waitFor();
        String errors = Files.readString(folder.resolve("errors" + i));
        assertEquals(0, status, errors);
        String line = Files.readString(outputs.get(i)).strip();
        assertEquals("Oslo", Json.parseObject(line, "answer").string("answer"));
      }
      assertEquals(before, state(copy));
    } finally {
      permit(copy, true);
    }
  }

  private static void permit(Path root, boolean writing) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.toList()) {
        Set<PosixFilePermission> all = EnumSet.of(PosixFilePermission.OWNER_READ);
        if (Files.isDirectory(path)) {
          all.add(PosixFilePermission.OWNER_EXECUTE);
        }
        if (writing) {
          all.add(PosixFilePermission.OWNER_WRITE);
        }
        Files.setPosixFilePermissions(path, all);
      }
    }
  }

  /** Every file and folder with its length and its time of change. */
  private static Set<String> state(Path root) throws IOException {
    Set<String> state = new TreeSet<>();
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.toList()) {
        state.add(path + " " + Files.size(path) + " " + Files.getLastModifiedTime(path));
      }
    }
    return state;
  }

  private static Path generation(Path published) {
    return PublishedFolder.at(published).current().orElseThrow();
  }

  private static JsonObject only(Ran ran) {
    assertEquals(1, ran.json().size(), ran::toString);
    return ran.json().getFirst();
  }
}
