/** Arbitraries for properties about packed sequences, matrices, groups and texts. */
@NullMarked
package org.realm4j.testkit.arbitrary;

import org.jspecify.annotations.NullMarked;
