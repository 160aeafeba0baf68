package org.realm4j.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.realm4j.nn.RealmConfig.NullDocument;
import org.realm4j.pretrain.Marginal;
import org.realm4j.pretrain.Masking;
import org.realm4j.qa.AnswerMatcher;
import org.realm4j.qa.FineTuning;
import org.realm4j.qa.Predictions;
import org.realm4j.qa.QuestionFormat;
import org.realm4j.retrieval.IndexRefresher;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Options that take one of a few words: PER_SEQUENCE is written per-sequence. */
final class Choices {
  private Choices() {}

  static void register(CommandLine commandLine) {
    for (Class<? extends Enum<?>> type :
        List.of(
            NullDocument.class,
            Marginal.class,
            Masking.class,
            IndexRefresher.Mode.class,
            QuestionFormat.class,
            Predictions.Format.class,
            AnswerMatcher.Mode.class,
            TextEncoder.Pooling.class,
            TextEncoder.Role.class,
            CorpusSource.WordNetPart.class,
            FineTuning.Supervision.class,
            FineTuneCommand.ReaderStart.class,
            OpenQaRow.class)) {
      register(commandLine, type);
    }
  }

  private static <E extends Enum<?>> void register(CommandLine commandLine, Class<E> type) {
    commandLine.registerConverter(type, word -> parse(type, word));
  }

  private static <E extends Enum<?>> E parse(Class<E> type, String word) {
    for (E choice : type.getEnumConstants()) {
      if (word(choice).equals(word.toLowerCase(Locale.ROOT).replace('_', '-'))) {
        return choice;
      }
    }
    throw new TypeConversionException(
        "expected one of %s, found '%s'"
            .formatted(Arrays.stream(type.getEnumConstants()).map(Choices::word).toList(), word));
  }

  static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
