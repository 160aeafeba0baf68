package org.realm4j.gpu;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Copies between Java arrays and the beginning of a buffer. On the CPU in one piece: there, ND4J's
 * own methods copy element by element. On a device through those, which know where the newer copy
 * is.
 */
final class Transfer {
  private static final boolean CPU = Nd4j.getEnvironment().isCPU();

  private Transfer() {}

  static void upload(float[] from, DataBuffer to) {
    if (CPU) {
      ((FloatPointer) to.pointer()).position(0).put(from);
    } else {
      to.setData(from);
    }
  }

  static void upload(int[] from, DataBuffer to) {
    if (CPU) {
      ((IntPointer) to.pointer()).position(0).put(from);
    } else {
      to.setData(from);
    }
  }

  static void download(DataBuffer from, float[] to) {
    if (CPU) {
      ((FloatPointer) from.pointer()).position(0).get(to);
    } else {
      System.arraycopy(from.asFloat(), 0, to, 0, to.length);
    }
  }
}
