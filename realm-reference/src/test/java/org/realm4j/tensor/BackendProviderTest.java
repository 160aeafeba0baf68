package org.realm4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.realm4j.io.RealmException;
import org.realm4j.reference.ReferenceBackend;

/** Which backend is chosen among several, and what is said of those that cannot be had. */
class BackendProviderTest {
  @TempDir Path dir;

  /** One that cannot be had, of the highest rank. */
  public static class Broken implements BackendProvider {
    @Override
    public String name() {
      return "broken";
    }

    @Override
    public int rank() {
      return 100;
    }

    @Override
    public Availability availability() {
      return new Availability(false, "its card is too old");
    }

    @Override
    public Backend create() {
      throw new AssertionError("created although it cannot be had");
    }
  }

  /** A second one with the name of another. */
  public static final class Namesake extends Broken {
    @Override
    public String name() {
      return "reference";
    }
  }

  /** One that can be had, of a low rank. */
  public static final class Slow extends Broken {
    @Override
    public String name() {
      return "slow";
    }

    @Override
    public int rank() {
      return 1;
    }

    @Override
    public Availability availability() {
      return new Availability(true, "slow");
    }

    @Override
    public Backend create() {
      return new ReferenceBackend();
    }
  }

  /** With these providers beside the reference backend's. */
  private <T> T with(List<Class<?>> providers, Callable<T> action) throws Exception {
    Path services = Files.createDirectories(dir.resolve("META-INF/services"));
    Files.writeString(
        services.resolve(BackendProvider.class.getName()),
        providers.stream().map(Class::getName).collect(Collectors.joining("\n")));
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {url()}, before)) {
      thread.setContextClassLoader(loader);
      return action.call();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private URL url() throws IOException {
    return dir.toUri().toURL();
  }

  private static String refusal(String name) {
    return assertThrows(RealmException.class, () -> BackendProvider.backend(name)).getMessage();
  }

  @Test
  void theBestThatCanBeHadIsChosen() throws Exception {
    List<Class<?>> providers = List.of(Broken.class, Slow.class);
    assertEquals("reference", with(providers, () -> BackendProvider.backend("auto")).name());
    List<String> names =
        with(providers, () -> BackendProvider.all().stream().map(BackendProvider::name).toList());
    assertEquals(List.of("broken", "reference", "slow"), names);
  }

  @Test
  void oneThatIsNamedAndCannotBeHadFailsWithTheReason() throws Exception {
    String message = with(List.of(Broken.class), () -> refusal("broken"));
    assertEquals("backend 'broken' cannot be had here: its card is too old", message);
  }

  @Test
  void oneThatIsNotThereFailsWithThoseThatAre() throws Exception {
    String message = with(List.of(Broken.class, Slow.class), () -> refusal("cuda"));
    assertTrue(message.startsWith("backend 'cuda' is not there; found: "), message);
    Stream.of("broken (unavailable: its card is too old)", "reference", "slow")
        .forEach(part -> assertTrue(message.contains(part), message));
  }

  @Test
  void twoOfTheSameNameAreRefused() throws Exception {
    String message = with(List.of(Namesake.class), () -> refusal("auto"));
    assertEquals("two backends are named 'reference': remove one of them", message);
  }
}
