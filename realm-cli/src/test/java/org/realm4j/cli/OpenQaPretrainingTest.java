package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.PassageStore;
import org.realm4j.qa.FineTuning;
import org.realm4j.retrieval.KnowledgeIndex;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.text.WordPiece;

class OpenQaPretrainingTest {
  @TempDir Path folder;

  private float[] vectors(Path output, PrintWriter err) throws IOException {
    Path data = TinyQuestions.folder(folder.resolve("tiny"));
    OpenQaSettings settings =
        new OpenQaSettings(
            QuestionBudget.parse("all"),
            10,
            null,
            2,
            4,
            2,
            null,
            2,
            2,
            1,
            20,
            5,
            FineTuning.Supervision.ANSWER,
            2,
            6,
            1);
    try (ExperimentFolder stages = new ExperimentFolder(output, err);
        PassageStore store =
            PassageStore.build(
                folder.resolve("store"),
                OpenQaData.in(data).corpus(),
                new WordPiece(TinyFiles.vocabulary()),
                PassageStore.DEFAULT_LIMIT)) {
      OpenQaContext context =
          new OpenQaContext(
              stages,
              store,
              TinyFiles.bert(folder.resolve("bert")),
              settings,
              BackendProvider.backend("auto"),
              1,
              err);
      try (KnowledgeIndex index =
          new OpenQaPretraining(context).index(OpenQaPretraining.Start.MINILM)) {
        return index.vectors();
      }
    }
  }

  @Test
  void anEmbeddingGoesOnWithThePartThatWasNotDone() throws IOException {
    float[] whole = vectors(folder.resolve("whole"), new PrintWriter(new StringWriter()));
    Path broken = folder.resolve("broken");
    StringWriter said = new StringWriter();
    assertThrows(
        IllegalStateException.class,
        () -> vectors(broken, Dying.as(said, "index-minilm-s1: 12 of 20 passages")));
    StringWriter later = new StringWriter();
    assertArrayEquals(whole, vectors(broken, new PrintWriter(later)));
    assertTrue(later.toString().contains("18 of 20 passages"), later::toString);
    assertTrue(!later.toString().contains("12 of 20 passages"), later::toString);
    assertEquals(
        tokens(folder.resolve("whole")), tokens(broken), "of all parts, those from before too");
  }

  private static long tokens(Path output) {
    return ExperimentFolder.records(output).getLast().integer("tokens");
  }
}
