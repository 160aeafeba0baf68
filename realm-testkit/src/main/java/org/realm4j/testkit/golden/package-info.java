/**
 * Reference cases ("goldens") that other code computed: their files, the networks and steps of the
 * library that are run on them, and how far a backend is from the truth. Needs no test framework.
 */
@NullMarked
package org.realm4j.testkit.golden;

import org.jspecify.annotations.NullMarked;
