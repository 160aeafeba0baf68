package org.realm4j.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.RealmException;
import org.realm4j.tensor.BackendProvider;
import org.realm4j.tensor.BackendProvider.Availability;

class Nd4jBackendProviderTest {
  private static final Set<String> WITH_CUDA =
      Set.of(Nd4jBackendProvider.ND4J, Nd4jBackendProvider.CUDA);

  private static Nd4jBackendProvider provider(Set<String> classes, String... lines) {
    List<NvidiaCard> cards = List.of(lines).stream().map(NvidiaCard::parse).toList();
    return new Nd4jBackendProvider(classes::contains, () -> cards);
  }

  @Test
  void onTheCpuItIsThereByNameAndNotByItself() {
    assertTrue(new Nd4jBackendProvider().availability().available());
    assertEquals("nd4j", BackendProvider.backend("nd4j").name());
    assertTrue(BackendProvider.backend("nd4j").describe().contains("CPU"));
    assertEquals("reference", BackendProvider.backend("auto").name());
  }

  @Test
  void aCardThatNd4jSupportsComesFirst() {
    Nd4jBackendProvider p = provider(WITH_CUDA, "Tesla T4, 535.104.05, 7.5, 15360");
    Availability found = p.availability();
    assertTrue(found.available());
    for (String part : List.of("Tesla T4", "535.104.05", "7.5", "15360 MiB", "nd4j-cuda")) {
      assertTrue(found.description().contains(part), found.description());
    }
    assertTrue(p.rank() > 10, "above the reference backend");
  }

  @Test
  void machineCodeRunsOnLaterMinorCapabilities() {
    assertTrue(provider(WITH_CUDA, "RTX 4090, 550.54, 8.9, 24564").availability().available());
    assertTrue(provider(WITH_CUDA, "Orin, 550.54, 8.7, 24564").availability().available());
    assertFalse(provider(WITH_CUDA, "GTX 860M, 470.1, 3.5, 2048").availability().available());
  }

  /** ND4J would abort the process: it must not be loaded. */
  @Test
  void aCardThatIsTooNewIsRefusedWithTheReason() {
    for (String capability : List.of("9.0", "10.0", "12.0")) {
      Nd4jBackendProvider p = provider(WITH_CUDA, "H100, 550.54, " + capability + ", 81559");
      assertFalse(p.availability().available());
      assertTrue(p.rank() < 10, "never chosen by itself");
      String message = assertThrows(RealmException.BadInput.class, p::create).getMessage();
      assertTrue(message.contains("H100") && message.contains(capability), message);
      assertTrue(message.contains("8.6") && message.contains("nd4j-native"), message);
    }
  }

  @Test
  void whatIsMissingIsNamed() {
    String none = provider(Set.of()).availability().description();
    assertTrue(none.contains("not on the class path") && none.contains("nd4j-native"), none);
    String noBackend = provider(Set.of(Nd4jBackendProvider.ND4J)).availability().description();
    assertTrue(noBackend.contains("nd4j-native"), noBackend);
    String noCard = provider(WITH_CUDA).availability().description();
    assertTrue(noCard.contains("found none"), noCard);
  }

  /** With nothing but this module and realm-api: the provider's class links no type of ND4J. */
  @Test
  void withoutNd4jTheProviderStillAnswers() throws Exception {
    URL[] urls = {home(Nd4jBackendProvider.class), home(BackendProvider.class)};
    try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      Class<?> type = loader.loadClass(Nd4jBackendProvider.class.getName());
      Object provider = type.getConstructor().newInstance();
      String found = type.getMethod("availability").invoke(provider).toString();
      assertTrue(found.contains("available=false"), found);
      assertTrue(found.contains("not on the class path"), found);
      assertEquals(5, type.getMethod("rank").invoke(provider));
    }
  }

  private static URL home(Class<?> type) throws URISyntaxException, IOException {
    return type.getProtectionDomain().getCodeSource().getLocation();
  }

  @Test
  void readsWhatTheDriversToolPrints(@TempDir Path dir) throws IOException {
    Path tool = dir.resolve("nvidia-smi");
    Files.writeString(
        tool,
        """
        #!/bin/sh
        [ "$1" = --query-gpu=name,driver_version,compute_cap,memory.total ] || exit 2
        echo "NVIDIA A100-SXM4-40GB, 535.104.05, 8.0, 40960"
        echo "NVIDIA T4, 535.104.05, 7.5, 15360"
        """);
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<NvidiaCard> cards =
        NvidiaCard.query(
            List.of(tool.toString(), NvidiaCard.COMMAND.get(1), NvidiaCard.COMMAND.get(2)));
    assertEquals(
        List.of(
            new NvidiaCard("NVIDIA A100-SXM4-40GB", "535.104.05", 8, 0, 40960),
            new NvidiaCard("NVIDIA T4", "535.104.05", 7, 5, 15360)),
        cards);
    assertEquals(List.of(), NvidiaCard.query(List.of(tool.toString(), "--other")));
    assertEquals(List.of(), NvidiaCard.query(List.of(dir.resolve("absent").toString())));
  }

  @Test
  void theCardIsAskedForOnceAndItsMemoryMayBeUnknown() {
    int[] asked = {0};
    NvidiaCard shared = NvidiaCard.parse("Orin, 550.54, 8.7, [N/A]");
    Nd4jBackendProvider p =
        new Nd4jBackendProvider(
            WITH_CUDA::contains,
            () -> {
              asked[0]++;
              return List.of(shared);
            });
    assertTrue(p.rank() > 10 && p.availability().available());
    assertEquals(Long.MAX_VALUE, p.memoryLimit());
    assertEquals(1, asked[0]);
    long t4 = provider(WITH_CUDA, "Tesla T4, 535.104.05, 7.5, 15360").memoryLimit();
    assertEquals((15360L << 20) / 10 * 9, t4);
  }

  /** A driver that is too old to know compute capabilities, or one that prints an error. */
  @Test
  void linesThatAreNoCardsArePassedOver() {
    assertEquals(null, NvidiaCard.parse("NVIDIA T4, 450.1, [N/A], 15360"));
    assertEquals(null, NvidiaCard.parse("No devices were found"));
  }
}
