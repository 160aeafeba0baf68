/**
 * The truth that other backends are compared with: every operation in double precision, written the
 * way its formula reads, forward and backward side by side.
 */
@NullMarked
package org.realm4j.testkit.oracle;

import org.jspecify.annotations.NullMarked;
