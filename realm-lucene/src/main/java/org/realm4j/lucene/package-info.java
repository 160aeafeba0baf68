/**
 * BM25 as a baseline, as a source of hard negatives, and to warm up without a trained retriever.
 */
@NullMarked
package org.realm4j.lucene;

import org.jspecify.annotations.NullMarked;
