package org.realm4j.bench;

import org.nd4j.linalg.factory.Nd4j;
import org.realm4j.io.JsonObject;
import org.realm4j.reference.KernelChoice;
import org.realm4j.reference.ReferenceBackend;
import org.realm4j.tensor.Backend;
import org.realm4j.tensor.BackendProvider;

/** The backend that a job names, the reference if none; a clock needs to know when it is done. */
record MeasuredBackend(Backend backend) {
  static final String ND4J = "nd4j";

  static MeasuredBackend of(JsonObject job, KernelChoice kernels) {
    String name = job.string("backend", "reference");
    return new MeasuredBackend(
        name.equals("reference") ? new ReferenceBackend(kernels) : BackendProvider.backend(name));
  }

  /** Waits for what runs behind its caller's back, as on a CUDA device. */
  void finish() {
    if (backend.name().equals(ND4J)) {
      Nd4j.getExecutioner().commit();
    }
  }
}
