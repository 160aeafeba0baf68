/** The facade: open, create, train and ask a REALM. */
@NullMarked
package org.realm4j;

import org.jspecify.annotations.NullMarked;
