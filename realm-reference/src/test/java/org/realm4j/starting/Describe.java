package org.realm4j.starting;

import org.realm4j.tensor.Activation;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.tensor.Tape;

/** What an application sees: the backend's description and the bits of a result. */
final class Describe {
  private Describe() {}

  public static void main(String[] args) {
    Backend backend = BackendProvider.backend("auto");
    Parameter w = Parameter.filled("w", Parameter.Kind.WEIGHT, 19, 5, 0.1f);
    try (Session s = backend.open(2);
        Tape _ = s.infer()) {
      float[] y =
          s.linear(s.constant(new float[] {1, 2, 3, 4, 5}, 1, 5), w, null, Activation.GELU)
              .toArray();
      System.out.println(backend.describe() + "; " + Float.toHexString(y[18]));
    }
  }
}
