package org.realm4j.reference.kernels;

/**
 * exp, tanh, erf and what GELU needs, as polynomials in float arithmetic. {@link SimdKernels} does
 * the same operations in the same order on vectors; neither may be changed alone.
 *
 * <p>Coefficients are near-minimax fits (Lawson's iteration on 4,000 Chebyshev nodes, in double).
 * Largest errors against double arithmetic, measured over 4 million points: exp 9.9e-8 relative
 * (from -86.8 to 88.7), tanh 8.9e-8 and erf 1.2e-7 absolute.
 */
final class Elementary {
  static final float LOG2_E = 1.442695f;
  static final float LN2_HIGH = 0.6933594f;
  static final float LN2_LOW = -2.1219444e-4f;

  /** Adding it rounds to a whole number, which is then in the low bits. */
  static final float ROUND = 0x1.8p23f;

  /** Below this exp is 0: it would be within 2^-1 of the smallest normal number. */
  static final float EXP_LOW = -86.9f;

  static final float EXP_HIGH = 88.72284f;

  // e^r = 1 + r + r^2 (E0 + E1 r + ...), |r| <= ln(2) / 2
  static final float E0 = 0.49999994f;
  static final float E1 = 0.16666521f;
  static final float E2 = 0.04166839f;
  static final float E3 = 0.008368736f;
  static final float E4 = 0.0013814558f;

  // tanh x = x + x^3 (T0 + T1 x^2 + ...), |x| <= 0.6
  static final float TANH_SMALL = 0.6f;
  static final float T0 = -0.33333278f;
  static final float T1 = 0.13331328f;
  static final float T2 = -0.05372923f;
  static final float T3 = 0.020601999f;
  static final float T4 = -0.00566078f;

  // erf x = x (F0 + F1 x^2 + ...), |x| <= 1
  static final float F0 = 1.1283791f;
  static final float F1 = -0.37612626f;
  static final float F2 = 0.112836f;
  static final float F3 = -0.026854444f;
  static final float F4 = 0.005189535f;
  static final float F5 = -8.020841e-4f;
  static final float F6 = 7.889119e-5f;

  // ln(1 - erf x) = G0 + G1 x + ..., 1 <= x <= 4.05
  static final float ERF_ONE = 4f;
  static final float G0 = 1.8803589e-4f;
  static final float G1 = -1.1295784f;
  static final float G2 = -0.6332199f;
  static final float G3 = -0.10841855f;
  static final float G4 = 0.02520824f;
  static final float G5 = -0.0042045563f;
  static final float G6 = 4.4133535e-4f;
  static final float G7 = -2.1686772e-5f;

  static final float SQRT_HALF = 0.70710677f;
  static final float INV_SQRT_2PI = 0.3989423f;

  // -2 u of GELU's tanh form, and the slope of 2 u: sqrt(2 / pi) = 0.7978846, cubic 0.044715
  static final float GELU_LINEAR = -1.5957692f;
  static final float GELU_CUBIC = -0.071354814f;
  static final float GELU_SLOPE = 1.5957692f;
  static final float GELU_SLOPE_CUBIC = 0.21406445f;

  /** exp of more is as good as infinity. */
  static final float GELU_HIGH = 80f;

  private Elementary() {}

  static float exp(float x) {
    float t = Math.fma(x, LOG2_E, ROUND);
    float n = t - ROUND;
    float r = Math.fma(n, -LN2_HIGH, x);
    r = Math.fma(n, -LN2_LOW, r);
    float p = Math.fma(E4, r, E3);
    p = Math.fma(p, r, E2);
    p = Math.fma(p, r, E1);
    p = Math.fma(p, r, E0);
    p = Math.fma(p, r * r, r) + 1f;
    // times 2 and 2^(n - 1): 2^128 itself has no float; in this order nothing is denormal on the
    // way
    int exponent = (Float.floatToRawIntBits(t) - Float.floatToRawIntBits(ROUND) + 126) << 23;
    float y = p * 2f * Float.intBitsToFloat(exponent);
    if (x < EXP_LOW) {
      y = 0f;
    }
    if (x > EXP_HIGH) {
      y = Float.POSITIVE_INFINITY;
    }
    return y;
  }

  static float tanh(float x) {
    float a = Math.abs(x);
    float s = x * x;
    float p = Math.fma(T4, s, T3);
    p = Math.fma(p, s, T2);
    p = Math.fma(p, s, T1);
    p = Math.fma(p, s, T0);
    float small = Math.fma(p * s, x, x);
    float t = exp(a * -2f);
    float large = (1f - t) / (1f + t);
    if (x < 0f) {
      large = -large;
    }
    return a < TANH_SMALL ? small : large;
  }

  static float erf(float x) {
    float a = Math.abs(x);
    float s = x * x;
    float p = Math.fma(F6, s, F5);
    p = Math.fma(p, s, F4);
    p = Math.fma(p, s, F3);
    p = Math.fma(p, s, F2);
    p = Math.fma(p, s, F1);
    p = Math.fma(p, s, F0);
    float small = p * x;
    float q = Math.fma(G7, a, G6);
    q = Math.fma(q, a, G5);
    q = Math.fma(q, a, G4);
    q = Math.fma(q, a, G3);
    q = Math.fma(q, a, G2);
    q = Math.fma(q, a, G1);
    q = Math.fma(q, a, G0);
    float large = 1f - exp(q);
    if (a > ERF_ONE) {
      large = 1f;
    }
    if (x < 0f) {
      large = -large;
    }
    return a < 1f ? small : large;
  }

  static float gelu(float x) {
    return 0.5f * x * (1f + erf(x * SQRT_HALF));
  }

  static float geluDerivative(float x) {
    float density = exp(x * x * -0.5f) * INV_SQRT_2PI;
    float cumulative = Math.fma(erf(x * SQRT_HALF), 0.5f, 0.5f);
    return Math.fma(x, density, cumulative);
  }

  /** x / (1 + exp(-2 u)), which is x / 2 (1 + tanh u), for u = sqrt(2 / pi) (x + 0.044715 x^3). */
  static float geluTanh(float x) {
    return x / (1f + expOfGeluTanh(x));
  }

  static float geluTanhDerivative(float x) {
    float s = 1f / (1f + expOfGeluTanh(x));
    float slope = Math.fma(x * x, GELU_SLOPE_CUBIC, GELU_SLOPE); // of 2 u
    return Math.fma(x * s * (1f - s), slope, s);
  }

  private static float expOfGeluTanh(float x) {
    float a = x * Math.fma(x * x, GELU_CUBIC, GELU_LINEAR);
    return exp(a > GELU_HIGH ? GELU_HIGH : a);
  }
}
