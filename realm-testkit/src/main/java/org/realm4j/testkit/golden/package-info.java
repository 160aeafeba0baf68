/**
 * Reference cases that other code computed: inputs, true outputs and how far from them is allowed.
 * Without any test framework, so that a command can use it.
 */
@NullMarked
package org.realm4j.testkit.golden;

import org.jspecify.annotations.NullMarked;
