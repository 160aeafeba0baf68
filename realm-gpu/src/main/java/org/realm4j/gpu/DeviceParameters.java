package org.realm4j.gpu;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.realm4j.tensor.Parameter;

/**
 * Copies of parameters on the device, one per parameter, as new as the version they were made of.
 * Parameters are held weakly: the copy of a snapshot goes when the snapshot does.
 */
final class DeviceParameters {
  /** Found by identity, also after the parameter is gone. */
  private static final class Key extends WeakReference<Parameter> {
    private final int hash;

    Key(Parameter p, @Nullable ReferenceQueue<Parameter> queue) {
      super(p, queue);
      this.hash = System.identityHashCode(p);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other || (other instanceof Key k && get() != null && refersTo(k.get()));
    }
  }

  /**
   * @param newer whether the host has older values
   */
  private record Copy(long version, INDArray array, boolean newer) {}

  private final Workspace space;
  private final ReferenceQueue<Parameter> gone = new ReferenceQueue<>();
  private final Map<Key, Copy> copies = new HashMap<>();

  DeviceParameters(Workspace space) {
    this.space = space;
  }

  /** [rows, cols] */
  INDArray value(Parameter p) {
    purge();
    Copy copy = copies.get(new Key(p, null));
    if (copy != null && copy.version == p.version()) {
      return copy.array;
    }
    float[] values = p.values();
    INDArray array = copy != null ? copy.array : space.takeForSession(p.rows(), p.cols());
    Transfer.upload(values, array.data());
    copies.put(new Key(p, gone), new Copy(p.version(), array, false));
    return array;
  }

  /** The array that {@link #value} gave was written to: the host's copy is old now. */
  void changed(Parameter p) {
    Copy copy = copies.get(new Key(p, null));
    if (copy == null) {
      throw new IllegalStateException(p + " has no copy on the device");
    }
    p.changedOnDevice(host -> Transfer.download(copy.array.data(), host));
    copies.put(new Key(p, gone), new Copy(p.version(), copy.array, true));
  }

  /** Brings to the host what only the device has. */
  void fetchAll() {
    copies.forEach(
        (key, copy) -> {
          Parameter p = key.get();
          if (p != null && copy.newer && copy.version == p.version()) {
            p.values();
          }
        });
    copies.clear();
  }

  private void purge() {
    for (Object key = gone.poll(); key != null; key = gone.poll()) {
      Copy copy = copies.remove(key);
      if (copy != null) {
        space.give(copy.array);
      }
    }
  }
}
