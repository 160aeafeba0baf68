package org.realm4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
  @TempDir Path dir;

  /** Holds the lock of the folder until it is killed. */
  static final class Holder {
    public static void main(String[] args) throws InterruptedException {
      FolderLock.acquire(Path.of(args[0]));
      System.out.write('L');
      System.out.flush();
      Thread.sleep(60_000);
    }
  }

  @Test
  void secondWriterInThisProcessIsRefused() {
    try (FolderLock lock = FolderLock.acquire(dir)) {
      RealmException e =
          assertThrows(
              RealmException.BadInput.class,
              () -> FolderLock.acquire(dir.resolve("../").resolve(dir.getFileName())));
      assertTrue(e.getMessage().contains("process " + ProcessHandle.current().pid()), "" + e);
      assertThrows(
          RealmException.BadInput.class, () -> PublishedFolder.at(dir).publish(generation -> {}));
      lock.close();
    }
    FolderLock.acquire(dir).close();
  }

  @Test
  void secondProcessIsToldTheFirstAndADeadOneIsTakenOver() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    Process holder =
        new ProcessBuilder(
                List.of(java, "-Xmx64m", "-cp", classPath, Holder.class.getName(), dir.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertEquals('L', holder.getInputStream().read());
      for (int i = 0; i < 2; i++) {
        RealmException e =
            assertThrows(RealmException.BadInput.class, () -> FolderLock.acquire(dir));
        assertTrue(e.getMessage().contains("process " + holder.pid() + ", started 2"), "" + e);
      }
    } finally {
      holder.destroyForcibly();
    }
    holder.waitFor();
    assertTrue(Files.readString(dir.resolve("writer.lock")).contains("" + holder.pid()));
    FolderLock.acquire(dir).close();
  }

  @Test
  void aLockFileThatNobodyHoldsIsNoLock() throws IOException {
    Files.writeString(dir.resolve("writer.lock"), "process 1, started long ago".repeat(50));
    try (FolderLock lock = FolderLock.acquire(dir)) {
      String owner = Files.readString(dir.resolve("writer.lock"));
      assertFalse(owner.contains("long ago"), owner);
    }
  }
}
