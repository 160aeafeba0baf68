package org.realm4j.tensor;

/** What a linear layer applies to its result. */
public enum Activation {
  NONE,
  RELU,
  TANH,
  /** x * Phi(x) with the error function: {@code "gelu"} in Hugging Face configurations. */
  GELU,
  /** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): {@code "gelu_new"}, as in the first BERT. */
  GELU_TANH
}
