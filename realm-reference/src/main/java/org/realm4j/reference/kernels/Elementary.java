package org.realm4j.reference.kernels;

/**
 * exp, tanh, erf and what GELU needs, as polynomials in float arithmetic. {@link SimdKernels} does
 * the same operations in the same order on vectors; neither may be changed alone.
 *
 * <p>All rest on powers of 2, which need no reduction by ln 2: constants are multiplied by log2(e)
 * beforehand. Coefficients are near-minimax fits (Lawson's iteration on 4,000 Chebyshev nodes, in
 * double). Largest errors against double arithmetic, over 4 million points ({@code
 * ElementaryTest}): exp2 1.9e-7 relative, tanh and erf 1.2e-7 absolute. The argument of exp is
 * rounded once more, which adds 1e-7 |x|: nothing where terms near 1 count, as in softmax.
 */
final class Elementary {
  static final float LOG2_E = 1.442695f;

  /** Adding it rounds to a whole number, which is then in the low bits. */
  static final float ROUND = 0x1.8p23f;

  /** Below this 2^y is 0: it would be within 2^-1 of the smallest normal number. */
  static final float EXP2_LOW = -125.4f;

  static final float EXP2_HIGH = 128f;

  // 2^r = 1 + E1 r + E2 r^2 + ..., |r| <= 1 / 2
  static final float E1 = 0.693147f;
  static final float E2 = 0.24022242f;
  static final float E3 = 0.055507336f;
  static final float E4 = 0.009671513f;
  static final float E5 = 0.0013264727f;

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

  // log2(1 - erf x) = G0 + G1 x + ..., 1 <= x <= 4.05
  static final float ERF_ONE = 4f;
  static final float G0 = -5.1030936e-4f;
  static final float G1 = -1.625975f;
  static final float G2 = -0.92076504f;
  static final float G3 = -0.1486515f;
  static final float G4 = 0.031458426f;
  static final float G5 = -0.004240957f;
  static final float G6 = 2.677267e-4f;

  static final float SQRT_HALF = 0.70710677f;
  static final float INV_SQRT_2PI = 0.3989423f;

  // -2 u log2(e) of GELU's tanh form, and the slope of 2 u: sqrt(2 / pi) = 0.7978846, cubic
  // 0.044715
  static final float GELU_LINEAR = -2.3022082f;
  static final float GELU_CUBIC = -0.10294324f;
  static final float GELU_SLOPE = 1.5957692f;
  static final float GELU_SLOPE_CUBIC = 0.21406445f;

  /** 2 to the power of more is as good as infinity. */
  static final float GELU_HIGH = 115f;

  private Elementary() {}

  static float exp(float x) {
    return exp2(x * LOG2_E);
  }

  static float exp2(float y) {
    float t = y + ROUND;
    float r = y - (t - ROUND);
    float p = Math.fma(E5, r, E4);
    p = Math.fma(p, r, E3);
    p = Math.fma(p, r, E2);
    p = Math.fma(p, r, E1);
    p = Math.fma(p, r, 1f);
    // times 2 and 2^(n - 1): 2^128 itself has no float; in this order nothing is denormal on the
    // way
    int exponent = (Float.floatToRawIntBits(t) - Float.floatToRawIntBits(ROUND) + 126) << 23;
    float result = p * 2f * Float.intBitsToFloat(exponent);
    if (y < EXP2_LOW) {
      result = 0f;
    }
    if (y > EXP2_HIGH) {
      result = Float.POSITIVE_INFINITY;
    }
    return result;
  }

  static float tanh(float x) {
    float a = Math.abs(x);
    float s = x * x;
    float p = Math.fma(T4, s, T3);
    p = Math.fma(p, s, T2);
    p = Math.fma(p, s, T1);
    p = Math.fma(p, s, T0);
    float small = Math.fma(p * s, x, x);
    float t = exp2(a * (-2f * LOG2_E));
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
    float q = Math.fma(G6, a, G5);
    q = Math.fma(q, a, G4);
    q = Math.fma(q, a, G3);
    q = Math.fma(q, a, G2);
    q = Math.fma(q, a, G1);
    q = Math.fma(q, a, G0);
    float large = 1f - exp2(q);
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
    float density = exp2(x * x * (-0.5f * LOG2_E)) * INV_SQRT_2PI;
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
    return exp2(a > GELU_HIGH ? GELU_HIGH : a);
  }
}
