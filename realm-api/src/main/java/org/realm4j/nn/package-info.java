/** The networks: BERT, its heads, the embedder and the knowledge-augmented encoder. */
@NullMarked
package org.realm4j.nn;

import org.jspecify.annotations.NullMarked;
