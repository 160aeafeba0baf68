/**
 * The arithmetic of the reference backend, once in plain loops and once in the Vector API, with the
 * same bits, and the threads that share it.
 */
@NullMarked
package org.realm4j.reference.kernels;

import org.jspecify.annotations.NullMarked;
