package org.realm4j.train;

import java.util.ArrayList;
import java.util.List;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.AdamStep;
import org.realm4j.tensor.Parameter;
import org.realm4j.tensor.Session;

/**
 * Adam over groups of parameters that each have a learning rate. Gradients of all groups are
 * clipped together by their global norm. Weight decay applies by a parameter's kind. Its state, the
 * moments and the number of steps, is what a checkpoint has to keep.
 */
public final class Optimizer {
  /** Parameters with one learning rate. */
  public record Group(List<Parameter> parameters, float learningRate) {}

  private final OptimizerSettings settings;
  private final List<Group> groups;
  private final List<Parameter> all = new ArrayList<>();
  private final List<Parameter> first = new ArrayList<>();
  private final List<Parameter> second = new ArrayList<>();
  private long steps;

  public Optimizer(OptimizerSettings settings, List<Group> groups) {
    this.settings = settings;
    this.groups = List.copyOf(groups);
    for (Group g : groups) {
      for (Parameter p : g.parameters()) {
        if (all.contains(p)) {
          throw new IllegalArgumentException(p + " is in two groups");
        }
        all.add(p);
        first.add(Parameter.zeros(p.name() + ".first", p.kind(), p.rows(), p.cols()));
        second.add(Parameter.zeros(p.name() + ".second", p.kind(), p.rows(), p.cols()));
      }
    }
  }

  /** In the order of the groups. */
  public List<Parameter> parameters() {
    return all;
  }

  /** First moments, in the order of {@link #parameters()}. */
  public List<Parameter> firstMoments() {
    return first;
  }

  /** Second moments, in the order of {@link #parameters()}. */
  public List<Parameter> secondMoments() {
    return second;
  }

  public long steps() {
    return steps;
  }

  /** For a resumed run, whose moments were set before. */
  public void resumeAt(long stepsDone) {
    steps = stepsDone;
  }

  /**
   * Updates every parameter that a gradient reached and clears all gradients.
   *
   * @param rate what every group's learning rate is multiplied with
   * @return the global norm before clipping
   * @throws RealmException if the norm is not finite; then nothing was updated, and the gradients
   *     are cleared all the same
   */
  public double step(Session session, float rate) {
    double norm = session.gradientNorm(all);
    if (!Double.isFinite(norm)) {
      session.clearGradients();
      throw new RealmException(
          "step " + steps + ": the gradients' norm is " + norm + "; nothing was updated");
    }
    steps++;
    float scale = norm > settings.clip() ? (float) (settings.clip() / norm) : 1f;
    float c1 = correction(settings.beta1());
    float c2 = correction(settings.beta2());
    int i = 0;
    for (Group g : groups) {
      for (Parameter p : g.parameters()) {
        float decay = p.kind().decays() ? settings.weightDecay() : 0f;
        session.adam(
            p,
            first.get(i),
            second.get(i),
            new AdamStep(
                g.learningRate() * rate,
                settings.beta1(),
                settings.beta2(),
                settings.epsilon(),
                decay,
                c1,
                c2,
                scale));
        i++;
      }
    }
    session.clearGradients();
    return norm;
  }

  private float correction(float beta) {
    return settings.biasCorrection() ? (float) (1 - StrictMath.pow(beta, (double) steps)) : 1f;
  }
}
