package org.realm4j.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.realm4j.io.RealmException;
import org.realm4j.nn.Bert;
import org.realm4j.nn.BertFolder;
import org.realm4j.nn.Embedder;
import org.realm4j.nn.InputSequence;
import org.realm4j.nn.RealmModel;
import org.realm4j.nn.TokenBatch;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tensor;
import org.realm4j.text.WordPiece;

/** One vector a text, from a plain BERT or from the retriever of a REALM. */
final class TextEncoder {
  /** How the hidden states become one vector. */
  enum Pooling {
    CLS,
    MEAN,
    PROJECTION
  }

  /** What a text is to a retriever. */
  enum Role {
    QUERY,
    PASSAGE
  }

  /** A text as the network takes it, and whether its end was cut off. */
  record Input(InputSequence sequence, boolean cut) {}

  private final WordPiece tokenizer;
  private final Pooling pooling;
  private final Role role;
  private final Bert bert;
  private final @Nullable RealmModel realm;

  private TextEncoder(
      WordPiece tokenizer, Pooling pooling, Role role, Bert bert, @Nullable RealmModel realm) {
    this.tokenizer = tokenizer;
    this.pooling = pooling;
    this.role = role;
    this.bert = bert;
    this.realm = realm;
  }

  /**
   * Opens a model.
   *
   * @param pooling by default the projection where there is one, else the mean
   */
  static TextEncoder open(Path model, @Nullable Pooling pooling, Role role) {
    if (ModelFolder.isRealm(model)) {
      RealmModel realm = ModelFolder.realm(model);
      return new TextEncoder(
          realm.tokenizer(),
          pooling == null ? Pooling.PROJECTION : pooling,
          role,
          tower(realm, role).bert(),
          realm);
    }
    if (pooling == Pooling.PROJECTION) {
      throw new RealmException.BadInput(
          model + ": --pooling projection: expected a REALM model (with realm.json), found none");
    }
    BertFolder folder = BertFolder.open(model);
    return new TextEncoder(
        folder.tokenizer(), pooling == null ? Pooling.MEAN : pooling, role, folder.bert(), null);
  }

  private static Embedder tower(RealmModel realm, Role role) {
    return role == Role.QUERY ? realm.queries() : realm.documents();
  }

  /** [CLS] text [SEP]; a REALM's passage has its title before the text. */
  Input input(TextLines.Text text) {
    int[] ids = tokenizer.ids(text.text());
    if (realm == null) {
      InputSequence sequence =
          InputSequence.join(tokenizer.vocabulary(), bert.config().positions(), ids);
      return new Input(sequence, sequence.length() < ids.length + 2);
    }
    if (role == Role.QUERY) {
      InputSequence sequence = realm.query(ids);
      return new Input(sequence, sequence.length() < ids.length + 2);
    }
    int[] title = tokenizer.ids(text.title());
    InputSequence sequence = realm.document(title, ids);
    return new Input(sequence, sequence.length() < title.length + ids.length + 3);
  }

  /** The most tokens of an input, special ones included. */
  int limit() {
    if (realm == null) {
      return bert.config().positions();
    }
    return role == Role.QUERY ? realm.config().queryLimit() : realm.config().passageLimit();
  }

  Pooling pooling() {
    return pooling;
  }

  int dimension() {
    return pooling == Pooling.PROJECTION && realm != null
        ? realm.config().embedder().projection()
        : bert.config().hidden();
  }

  /** {@code [sequences, dimension]} */
  Tensor encode(Session s, TokenBatch batch) {
    if (pooling == Pooling.PROJECTION && realm != null) {
      return tower(realm, role).embed(s, batch, null);
    }
    if (pooling == Pooling.CLS) {
      return bert.forward(s, batch, batch.firstRows(), null);
    }
    return s.segmentSum(bert.forward(s, batch, null), batch.offsets(), true);
  }
}
