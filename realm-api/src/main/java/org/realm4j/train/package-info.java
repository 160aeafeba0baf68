/** The optimiser, learning-rate schedules and the streams of randomness. */
@NullMarked
package org.realm4j.train;

import org.jspecify.annotations.NullMarked;
