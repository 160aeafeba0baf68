/** The backend that computes through ND4J; see {@link org.realm4j.gpu.Nd4jBackendProvider}. */
@NullMarked
package org.realm4j.gpu;

import org.jspecify.annotations.NullMarked;
