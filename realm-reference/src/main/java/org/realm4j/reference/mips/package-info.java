/** Maximum inner product search: exact, through int8 codes or not. Found by the service loader. */
@NullMarked
package org.realm4j.reference.mips;

import org.jspecify.annotations.NullMarked;
