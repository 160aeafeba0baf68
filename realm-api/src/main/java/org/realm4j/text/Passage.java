package org.realm4j.text;

/**
 * A retrievable unit of text. The retriever sees title and text, the knowledge-augmented encoder
 * the text alone.
 *
 * @param id stable within a corpus, never empty
 * @param title may be empty
 */
public record Passage(String id, String title, String text) {}
