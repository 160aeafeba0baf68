/**
 * Corpora: readers of real formats, splitting into passages that fit the model, and the
 * memory-mapped store from which training and search read them.
 *
 * <p>The path is {@link org.realm4j.corpus.Corpus} (a stream of passages of any length) to {@link
 * org.realm4j.corpus.PassageSplitter} (at most so many wordpieces) to {@link
 * org.realm4j.corpus.PassageStore} (random access by number or id).
 */
@NullMarked
package org.realm4j.corpus;

import org.jspecify.annotations.NullMarked;
