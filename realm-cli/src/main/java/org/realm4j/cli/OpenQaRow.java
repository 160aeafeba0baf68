package org.realm4j.cli;

/** A row of the table: what retrieves, and what networks fine-tuning starts from. */
enum OpenQaRow {
  BM25("BM25, reader from MiniLM", OpenQaPretraining.Start.MINILM),
  MINILM("MiniLM with a PCA projection", OpenQaPretraining.Start.MINILM),
  ICT("after the inverse cloze task", OpenQaPretraining.Start.ICT),
  REALM("after REALM pre-training", OpenQaPretraining.Start.REALM);

  private final String title;
  private final OpenQaPretraining.Start start;

  OpenQaRow(String title, OpenQaPretraining.Start start) {
    this.title = title;
    this.start = start;
  }

  String title() {
    return title;
  }

  OpenQaPretraining.Start start() {
    return start;
  }
}
