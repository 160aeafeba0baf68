/**
 * The networks: BERT, its heads, the embedder, the knowledge-augmented encoder and the reader of
 * spans; {@link org.realm4j.nn.PublishedCheckpoint} reads and writes the published ones.
 */
@NullMarked
package org.realm4j.nn;

import org.jspecify.annotations.NullMarked;
