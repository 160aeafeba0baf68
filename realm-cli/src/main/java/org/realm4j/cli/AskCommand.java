package org.realm4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.Json;
import org.realm4j.io.Lines;
import org.realm4j.io.RealmException;
import org.realm4j.qa.Answer;
import org.realm4j.qa.Answerer;
import org.realm4j.qa.Asking;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code realm ask}. */
@Command(
    name = "ask",
    description = {
      "Answers questions from the passages of a corpus, and shows where the answers stand.",
      "",
      "FOLDER is what 'realm finetune' made. Without a QUESTION it asks for one after the other on"
          + " a terminal, until an empty line or Ctrl-D; elsewhere it reads one from each line of"
          + " stdin. The answer is cut from a passage as it stands there. Under it come the passages"
          + " that were read, the most relevant first, with p(z|x), the retriever's probability of"
          + " each, and the answer marked where they say it (in colour on a terminal, unless"
          + " NO_COLOR is set).",
    },
    footer = {
      "",
      "JSON keys: question, answer (null if there is none), probability (of all spans that say the"
          + " same), evidence (a list of id, title, text, probability, spans where the passage says"
          + " the answer, best, best_probability), alternatives (a list of text, probability),"
          + " generation (the training step that made the index), cut (whether the question's end"
          + " was left out), seconds. A span is a list of start and end in UTF-16 units of text.",
      "",
      "Examples: realm ask mine \"Who discovered the Rosetta Stone?\"",
      "          realm ask mine --json < questions.txt > answers.jsonl"
    })
final class AskCommand implements Runnable {
  @Parameters(index = "0", paramLabel = "FOLDER", description = "What 'realm finetune' made.")
  private Path folder;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "QUESTION",
      description = {
        "In quotes each is one question; several words without quotes are one question together."
      })
  private List<String> words = List.of();

  @Mixin private AskingOptions options;

  @Option(
      names = "--alternatives",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = "Further answers to tell. Default: 3.")
  private int alternatives = Asking.usual().alternatives();

  @Option(
      names = "--json",
      description = "Print one JSON object a question; the keys are listed below.")
  private boolean json;

  @Mixin private ComputeOptions compute;
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    Asking asking = options.asking().alternatives(alternatives);
    try (AnsweringFolder model = AnsweringFolder.open(folder, compute)) {
      Answerer answerer = model.answerer();
      Function<String, Answer> ask = q -> answerer.answer(model.session(), q, asking);
      if (!words.isEmpty()) {
        List<String> questions = questions();
        questions.forEach(q -> answer(q, ask, questions.size() > 1));
      } else if (Terminal.stdin() && !json) {
        PrintWriter err = spec.commandLine().getErr();
        new Conversation(ask, spec.commandLine().getOut(), err, Terminal.colour())
            .run(Conversation.stdin());
      } else {
        answerStdin(ask);
      }
    }
  }

  /** What was given as arguments. */
  private List<String> questions() {
    boolean quoted = words.stream().anyMatch(word -> word.strip().contains(" "));
    return quoted ? words : List.of(String.join(" ", words));
  }

  private void answerStdin(Function<String, Answer> ask) {
    long asked = 0;
    try (Lines lines = Lines.of(Path.of("stdin"), TextLines.stdin())) {
      while (lines.hasNext()) {
        String question = lines.next().strip();
        if (!question.isEmpty()) {
          answer(question, ask, true);
          asked++;
        }
      }
    }
    if (asked == 0) {
      throw new RealmException.BadInput("stdin: expected a question on each line, found none");
    }
  }

  /**
   * @param one whether it is one of several, so that it has to be told
   */
  private void answer(String question, Function<String, Answer> ask, boolean one) {
    PrintWriter out = spec.commandLine().getOut();
    long begun = System.nanoTime();
    Answer answer = ask.apply(question);
    if (json) {
      Map<String, @Nullable Object> figures = AnswerFigures.of(answer);
      figures.put("seconds", Seconds.since(begun));
      new ResultLines(out).print(Json.format(figures));
      return;
    }
    AnswerPrinter printer = new AnswerPrinter(out, Terminal.colour());
    if (one) {
      printer.printQuestion(question);
    }
    printer.print(answer);
    if (one) {
      new ResultLines(out).print("");
    }
  }
}
