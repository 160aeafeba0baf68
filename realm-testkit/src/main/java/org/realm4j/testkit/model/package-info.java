/** A model and a corpus that are small enough to be trained within a test. */
@NullMarked
package org.realm4j.testkit.model;

import org.jspecify.annotations.NullMarked;
