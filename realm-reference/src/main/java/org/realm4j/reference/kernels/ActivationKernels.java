package org.realm4j.reference.kernels;

import org.realm4j.tensor.Activation;

/** Activations along a row, element by element. */
public interface ActivationKernels {
  /** y = activation(x); x and y may be the same. */
  void activate(Activation activation, float[] x, int xAt, float[] y, int yAt, int n);

  /**
   * g *= activation'(.).
   *
   * @param saved the result for RELU and TANH, the argument for the two GELUs
   */
  void activationGradient(Activation activation, float[] saved, int sAt, float[] g, int gAt, int n);
}
