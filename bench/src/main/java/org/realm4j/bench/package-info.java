/**
 * What {@code ./realm bench} measures, side by side with other libraries: one class a section. The
 * peers are never dependencies: native libraries are looked up when they are there, Python and ONNX
 * Runtime run as processes of their own.
 */
@NullMarked
package org.realm4j.bench;

import org.jspecify.annotations.NullMarked;
