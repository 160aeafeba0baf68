package org.realm4j.testkit.contract;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;
import org.realm4j.testkit.oracle.OracleBackend;
import org.realm4j.testkit.oracle.OracleSession;

/** Puts NaN into each input in turn, first and last value, and into each parameter. */
final class NotANumber {
  private NotANumber() {}

  static void check(OperationCase c, Session session) {
    for (int i = 0; i < c.inputs().size(); i++) {
      int last = c.inputs().get(i).values().length - 1;
      for (int at : new int[] {0, last}) {
        List<Matrix> inputs = new ArrayList<>(c.inputs());
        inputs.set(i, inputs.get(i).with(at, Float.NaN));
        String what = c + ": NaN in input " + i + " at " + at;
        OperationCase changed =
            new OperationCase(c.operation(), c.name(), inputs, c.parameters(), c.body());
        compare(changed, session, what);
      }
    }
    for (Parameter p : c.parameters()) {
      float value = p.values()[0];
      p.values()[0] = Float.NaN;
      p.changed();
      compare(c, session, c + ": NaN in " + p.name());
      p.values()[0] = value;
      p.changed();
    }
  }

  private static void compare(OperationCase c, Session session, String what) {
    try (OracleSession oracle = new OracleBackend().open(1)) {
      double[] truth = c.infer(oracle);
      double[] actual = c.infer(session);
      for (int i = 0; i < truth.length; i++) {
        if (Double.isNaN(truth[i]) && !Double.isNaN(actual[i])) {
          throw new AssertionError(what + ": lost in the result at " + i);
        }
      }
    }
  }
}
