/**
 * Retrieval-augmented pre-training: masking, the inverse cloze task, the marginal likelihood, and
 * the loop that trains retriever and encoder together.
 */
@NullMarked
package org.realm4j.pretrain;

import org.jspecify.annotations.NullMarked;
