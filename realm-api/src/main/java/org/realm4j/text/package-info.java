/**
 * Text before it becomes numbers: passages, the WordPiece tokenizer, sentences, and the names and
 * dates that salient span masking hides. All offsets are UTF-16 code units of the original text.
 */
@NullMarked
package org.realm4j.text;

import org.jspecify.annotations.NullMarked;
