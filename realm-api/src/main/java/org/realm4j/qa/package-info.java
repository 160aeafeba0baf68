/** Open-domain question answering: the reader's objective and the answers that it gives. */
@NullMarked
package org.realm4j.qa;

import org.jspecify.annotations.NullMarked;
