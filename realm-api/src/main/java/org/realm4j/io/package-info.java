/**
 * Files: safetensors and Hugging Face folders, JSON, text lines, NumPy matrices, ONNX initialisers,
 * and the durable publication of folders.
 *
 * <p>Readers trust no length that they read: everything is checked before anything is allocated,
 * and a file that is wrong ends in a {@link org.realm4j.io.RealmException} that names it. Writers
 * write under another name, force it to the disk and rename it.
 */
@NullMarked
package org.realm4j.io;

import org.jspecify.annotations.NullMarked;
