package org.realm4j.reference.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.realm4j.reference.KernelChoice;

/**
 * A compiled kernel allocates nothing. When the compiler gives up on inlining, or on a method as a
 * whole, every vector is an object and the kernel is a hundred times slower: this sees it without
 * measuring time. In a JVM of its own for each width, as in use: where one JVM runs both, they
 * share the profile of the Vector API's own methods, and vectors are boxed.
 */
class KernelAllocationTest {
  @ParameterizedTest
  @EnumSource(
      value = KernelChoice.class,
      names = {"SIMD_256", "SIMD_512"})
  void compiledKernelsAllocateNothing(KernelChoice choice)
      throws IOException, InterruptedException {
    if (choice.unavailableBecause().isPresent()) {
      return; // KernelsTest says which widths this machine must have
    }
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                KernelAllocation.class.getName(),
                choice.name())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String boxed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals("", boxed);
    assertEquals(0, process.waitFor());
  }
}
