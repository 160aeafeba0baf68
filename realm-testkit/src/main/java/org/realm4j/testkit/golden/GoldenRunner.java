package org.realm4j.testkit.golden;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.Session;

/** Runs reference cases on a backend, through the library's own networks and steps. */
public final class GoldenRunner {
  /** How one kind of case is run on a session. */
  @FunctionalInterface
  interface Kind {
    void run(GoldenCase golden, Session session, Findings findings);
  }

  private final Backend backend;
  private final int threads;

  /**
   * @param threads of each session
   */
  public GoldenRunner(Backend backend, int threads) {
    this.backend = backend;
    this.threads = threads;
  }

  /** Runs one case; one of an unknown kind is skipped. */
  public GoldenResult run(GoldenCase golden) {
    Kind kind = kind(golden);
    if (kind == null) {
      return new GoldenResult(golden.toString(), List.of());
    }
    try (Session session = backend.open(threads)) {
      Findings findings = new Findings(golden, new Values(session));
      kind.run(golden, session, findings);
      return new GoldenResult(golden.toString(), findings.all());
    }
  }

  private static @Nullable Kind kind(GoldenCase golden) {
    return switch (golden.kind()) {
      case "a_embedder" -> EmbedderCase::run;
      case "b_scorer" -> ScorerCase::run;
      case "c_knowledge_aug_encoder" -> EncoderCase::run;
      case "d_reader" -> ReaderCase::run;
      case "d_openqa" -> OpenQaCase::run;
      case "e_realm_step" -> RealmStepCase::run;
      case "f_ict" -> InverseClozeCase::run;
      case "g_bert" ->
          golden.name().startsWith("mlm") ? BertCases::maskedLanguageModel : BertCases::model;
      case "h_adamw" -> OptimizerCase::run;
      default -> null;
    };
  }
}
