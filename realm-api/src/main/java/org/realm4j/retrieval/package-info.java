/** Maximum inner product search, generations of the knowledge index, candidates and refresh. */
@NullMarked
package org.realm4j.retrieval;

import org.jspecify.annotations.NullMarked;
