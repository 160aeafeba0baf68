package org.realm4j.reference.kernels;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.realm4j.tensor.Activation;

/**
 * Activations in the Vector API: {@link Elementary}, operation by operation. Defined once per
 * vector width, see {@link SimdKernels}, which also says why exp is written out each time.
 */
final class SimdActivations implements ActivationKernels {
  private static final VectorSpecies<Float> S = SimdLoader.species(MethodHandles.lookup());
  private static final int L = S.length();

  /** Makes the exponent field of 2^n of n + ROUND. */
  private static final int EXPONENT = 127 - Float.floatToRawIntBits(Elementary.ROUND);

  private static final int SIGN = 1 << 31;

  SimdActivations() {}

  @Override
  public void activate(Activation activation, float[] x, int xAt, float[] y, int yAt, int n) {
    switch (activation) {
      case NONE -> System.arraycopy(x, xAt, y, yAt, n);
      case RELU -> relu(x, xAt, y, yAt, n);
      case TANH -> tanh(x, xAt, y, yAt, n);
      case GELU -> gelu(x, xAt, y, yAt, n);
      case GELU_TANH -> geluTanh(x, xAt, y, yAt, n);
    }
  }

  private static void relu(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector.fromArray(S, x, xAt + i).max(0f).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.max(x[xAt + i], 0f);
    }
  }

  private static void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector a = v.abs();
      FloatVector a2 = a.mul(-2f * Elementary.LOG2_E);
      FloatVector et = a2.add(Elementary.ROUND);
      FloatVector er = a2.sub(et.sub(Elementary.ROUND));
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, 1f));
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, a2.compare(VectorOperators.LT, Elementary.EXP2_LOW));
      FloatVector large =
          FloatVector.broadcast(S, 1f).sub(e).div(FloatVector.broadcast(S, 1f).add(e));
      large = large.blend(large.neg(), v.compare(VectorOperators.LT, 0f));
      FloatVector s = v.mul(v);
      FloatVector p =
          FloatVector.broadcast(S, Elementary.T4).fma(s, FloatVector.broadcast(S, Elementary.T3));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.T2));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.T1));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.T0));
      FloatVector small = p.mul(s).fma(v, v);
      large
          .blend(small, a.compare(VectorOperators.LT, Elementary.TANH_SMALL))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Elementary.tanh(x[xAt + i]);
    }
  }

  private static void gelu(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector z = v.mul(Elementary.SQRT_HALF);
      FloatVector a = z.abs();
      FloatVector q =
          FloatVector.broadcast(S, Elementary.G6).fma(a, FloatVector.broadcast(S, Elementary.G5));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G4));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G3));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G2));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G1));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G0));
      FloatVector et = q.add(Elementary.ROUND);
      FloatVector er = q.sub(et.sub(Elementary.ROUND));
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, 1f));
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      FloatVector large = FloatVector.broadcast(S, 1f).sub(e);
      large = large.blend(1f, a.compare(VectorOperators.GT, Elementary.ERF_ONE));
      large = z.reinterpretAsInts().and(SIGN).or(large.reinterpretAsInts()).reinterpretAsFloats();
      FloatVector s = z.mul(z);
      FloatVector p =
          FloatVector.broadcast(S, Elementary.F6).fma(s, FloatVector.broadcast(S, Elementary.F5));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F4));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F3));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F2));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F1));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F0));
      FloatVector erf = large.blend(p.mul(z), a.compare(VectorOperators.LT, 1f));
      v.mul(0.5f).mul(erf.add(1f)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Elementary.gelu(x[xAt + i]);
    }
  }

  private static void geluTanh(float[] x, int xAt, float[] y, int yAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector a =
          v.mul(v)
              .fma(
                  FloatVector.broadcast(S, Elementary.GELU_CUBIC),
                  FloatVector.broadcast(S, Elementary.GELU_LINEAR))
              .mul(v);
      a = a.blend(Elementary.GELU_HIGH, a.compare(VectorOperators.GT, Elementary.GELU_HIGH));
      FloatVector et = a.add(Elementary.ROUND);
      FloatVector er = a.sub(et.sub(Elementary.ROUND));
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, 1f));
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, a.compare(VectorOperators.LT, Elementary.EXP2_LOW));
      v.div(e.add(1f)).intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Elementary.geluTanh(x[xAt + i]);
    }
  }

  @Override
  public void activationGradient(
      Activation activation, float[] saved, int sAt, float[] g, int gAt, int n) {
    switch (activation) {
      case NONE -> {}
      case RELU -> reluGradient(saved, sAt, g, gAt, n);
      case TANH -> tanhGradient(saved, sAt, g, gAt, n);
      case GELU -> geluGradient(saved, sAt, g, gAt, n);
      case GELU_TANH -> geluTanhGradient(saved, sAt, g, gAt, n);
    }
  }

  private static void reluGradient(float[] saved, int sAt, float[] g, int gAt, int n) {
    for (int i = 0; i < n; i++) {
      g[gAt + i] *= saved[sAt + i] > 0f ? 1f : 0f;
    }
  }

  private static void tanhGradient(float[] saved, int sAt, float[] g, int gAt, int n) {
    for (int i = 0; i < n; i++) {
      float v = saved[sAt + i];
      g[gAt + i] *= Math.fma(-v, v, 1f);
    }
  }

  private static void geluGradient(float[] x, int xAt, float[] g, int gAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector z = v.mul(Elementary.SQRT_HALF);
      FloatVector a = z.abs();
      FloatVector q =
          FloatVector.broadcast(S, Elementary.G6).fma(a, FloatVector.broadcast(S, Elementary.G5));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G4));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G3));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G2));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G1));
      q = q.fma(a, FloatVector.broadcast(S, Elementary.G0));
      FloatVector et = q.add(Elementary.ROUND);
      FloatVector er = q.sub(et.sub(Elementary.ROUND));
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, 1f));
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      FloatVector large = FloatVector.broadcast(S, 1f).sub(e);
      large = large.blend(1f, a.compare(VectorOperators.GT, Elementary.ERF_ONE));
      large = z.reinterpretAsInts().and(SIGN).or(large.reinterpretAsInts()).reinterpretAsFloats();
      FloatVector s = z.mul(z);
      FloatVector p =
          FloatVector.broadcast(S, Elementary.F6).fma(s, FloatVector.broadcast(S, Elementary.F5));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F4));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F3));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F2));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F1));
      p = p.fma(s, FloatVector.broadcast(S, Elementary.F0));
      FloatVector erf = large.blend(p.mul(z), a.compare(VectorOperators.LT, 1f));
      FloatVector half = v.mul(v).mul(-0.5f * Elementary.LOG2_E);
      FloatVector dt = half.add(Elementary.ROUND);
      FloatVector dr = half.sub(dt.sub(Elementary.ROUND));
      FloatVector d =
          dr.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      d = d.fma(dr, FloatVector.broadcast(S, Elementary.E3));
      d = d.fma(dr, FloatVector.broadcast(S, Elementary.E2));
      d = d.fma(dr, FloatVector.broadcast(S, Elementary.E1));
      d = d.fma(dr, FloatVector.broadcast(S, 1f));
      d =
          d.mul(
              dt.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      d = d.blend(0f, half.compare(VectorOperators.LT, Elementary.EXP2_LOW));
      FloatVector cumulative =
          erf.fma(FloatVector.broadcast(S, 0.5f), FloatVector.broadcast(S, 0.5f));
      FloatVector slope = v.fma(d.mul(Elementary.INV_SQRT_2PI), cumulative);
      FloatVector.fromArray(S, g, gAt + i).mul(slope).intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] *= Elementary.geluDerivative(x[xAt + i]);
    }
  }

  private static void geluTanhGradient(float[] x, int xAt, float[] g, int gAt, int n) {
    int i = 0;
    for (; i + L <= n; i += L) {
      FloatVector v = FloatVector.fromArray(S, x, xAt + i);
      FloatVector v2 = v.mul(v);
      FloatVector a =
          v2.fma(
                  FloatVector.broadcast(S, Elementary.GELU_CUBIC),
                  FloatVector.broadcast(S, Elementary.GELU_LINEAR))
              .mul(v);
      a = a.blend(Elementary.GELU_HIGH, a.compare(VectorOperators.GT, Elementary.GELU_HIGH));
      FloatVector et = a.add(Elementary.ROUND);
      FloatVector er = a.sub(et.sub(Elementary.ROUND));
      FloatVector e =
          er.fma(FloatVector.broadcast(S, Elementary.E5), FloatVector.broadcast(S, Elementary.E4));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E3));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E2));
      e = e.fma(er, FloatVector.broadcast(S, Elementary.E1));
      e = e.fma(er, FloatVector.broadcast(S, 1f));
      e =
          e.mul(
              et.reinterpretAsInts()
                  .add(EXPONENT)
                  .lanewise(VectorOperators.LSHL, 23)
                  .reinterpretAsFloats());
      e = e.blend(0f, a.compare(VectorOperators.LT, Elementary.EXP2_LOW));
      FloatVector s = FloatVector.broadcast(S, 1f).div(e.add(1f));
      FloatVector slope =
          v2.fma(
              FloatVector.broadcast(S, Elementary.GELU_SLOPE_CUBIC),
              FloatVector.broadcast(S, Elementary.GELU_SLOPE));
      FloatVector slopes = v.mul(s).mul(FloatVector.broadcast(S, 1f).sub(s)).fma(slope, s);
      FloatVector.fromArray(S, g, gAt + i).mul(slopes).intoArray(g, gAt + i);
    }
    for (; i < n; i++) {
      g[gAt + i] *= Elementary.geluTanhDerivative(x[xAt + i]);
    }
  }
}
