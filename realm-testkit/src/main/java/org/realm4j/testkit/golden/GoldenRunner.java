package org.realm4j.testkit.golden;

import java.util.ArrayList;
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
  public GoldenResult run(GoldenFolder folder, String name) {
    Kind kind = kind(name);
    if (kind == null) {
      return new GoldenResult(name, List.of());
    }
    try (GoldenCase golden = folder.read(name);
        Session session = backend.open(threads)) {
      Findings findings = new Findings(golden, new Values(session));
      kind.run(golden, session, findings);
      return new GoldenResult(name, findings.all());
    }
  }

  /** Runs all cases of a folder. */
  public List<GoldenResult> run(GoldenFolder folder) {
    List<GoldenResult> results = new ArrayList<>();
    folder.names().forEach(name -> results.add(run(folder, name)));
    return results;
  }

  private static @Nullable Kind kind(String name) {
    return switch (name.substring(0, name.indexOf('/'))) {
      case "a_embedder" -> EmbedderCase::run;
      case "b_scorer" -> ScorerCase::run;
      case "c_knowledge_aug_encoder" -> EncoderCase::run;
      case "e_realm_step" -> RealmStepCase::run;
      case "f_ict" -> InverseClozeCase::run;
      case "g_bert" ->
          name.startsWith("g_bert/mlm") ? BertCases::maskedLanguageModel : BertCases::model;
      case "h_adamw" -> OptimizerCase::run;
      default -> null;
    };
  }
}
