/**
 * The seam between the library and what computes for it: tensors, parameters, reverse-mode
 * differentiation, and the backend that a provider brings.
 */
@NullMarked
package org.realm4j.tensor;

import org.jspecify.annotations.NullMarked;
