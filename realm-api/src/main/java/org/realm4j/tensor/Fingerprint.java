package org.realm4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Tells whether parameters have the same names and the same values, to the bit. */
public final class Fingerprint {
  private static final int FLOATS = 1 << 14;
  private static final int BYTES = 16;

  private Fingerprint() {}

  /** The first 16 bytes of the SHA-256 of all names and values, in hexadecimal. */
  public static String of(List<Parameter> parameters) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    ByteBuffer buffer = ByteBuffer.allocate(4 * FLOATS).order(ByteOrder.LITTLE_ENDIAN);
    for (Parameter p : parameters) {
      digest.update(p.name().getBytes(StandardCharsets.UTF_8));
      float[] values = p.values();
      for (int from = 0; from < values.length; from += FLOATS) {
        int n = Math.min(FLOATS, values.length - from);
        buffer.clear();
        buffer.asFloatBuffer().put(values, from, n);
        digest.update(buffer.limit(4 * n));
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
  }
}
