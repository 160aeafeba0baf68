package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.corpus.Corpus;
import org.realm4j.corpus.PassageStore;
import org.realm4j.lucene.Bm25;
import org.realm4j.pretrain.Masking;
import org.realm4j.pretrain.QuerySource;
import org.realm4j.pretrain.SpanOccurrences;
import org.realm4j.qa.Question;
import org.realm4j.qa.QuestionSet;
import org.realm4j.text.EntityTagger;
import org.realm4j.text.WordPiece;

class ClozeQuestionsTest {
  @TempDir Path folder;

  private static final int READ = 5;

  @Test
  void theAnswerStandsInAPassageThatIsReadAndIsNotTheSentencesOwn() throws IOException {
    WordPiece tokenizer = new WordPiece(TinyFiles.vocabulary());
    Path lines = TinyFiles.jsonLines(folder.resolve("docs.jsonl"), TinyFiles.passages());
    try (PassageStore store =
            PassageStore.build(folder.resolve("store"), Corpus.jsonLines(lines), tokenizer, 64);
        Bm25 bm25 = Bm25.index(store.passages())) {
      QuerySource source =
          QuerySource.of(store, tokenizer, EntityTagger.builtIn(), Masking.SALIENT_SPAN, 64);
      ClozeQuestions cloze =
          new ClozeQuestions(
              source,
              new SpanOccurrences(store, tokenizer.vocabulary()),
              tokenizer,
              bm25,
              6,
              READ,
              3);
      QuestionSet questions = cloze.questions();
      assertEquals(6, questions.size());
      Set<String> texts = new HashSet<>();
      for (Question question : questions.questions()) {
        assertTrue(texts.add(question.text()), question::text);
        String answer = question.answers().getFirst();
        assertEquals(2, question.text().split("\\[MASK\\]", -1).length, question::text);
        String sentence = question.text().replace("[MASK]", answer);
        boolean found = false;
        for (int passage : cloze.rank(question.text(), READ).rows()) {
          String text = store.passage(passage).text();
          found |= text.matches(".*\\b" + answer + "\\b.*");
          assertFalse(text.contains(sentence), () -> sentence + " in " + text);
        }
        assertTrue(found, question::toString);
      }
    }
  }
}
