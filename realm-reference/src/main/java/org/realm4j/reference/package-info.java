/** The backend {@code reference} and the index {@code exact}, in pure Java. */
@NullMarked
package org.realm4j.reference;

import org.jspecify.annotations.NullMarked;
