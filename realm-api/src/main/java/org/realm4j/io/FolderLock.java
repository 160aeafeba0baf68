package org.realm4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * The right to write into a folder, held by one process at a time. The file {@value #NAME} tells
 * the process id and the start time of its owner; it stays when the lock is given back. The lock
 * proper is the operating system's, which ends with its owner, so that a dead owner's is free.
 * Thread-safe.
 */
public final class FolderLock implements AutoCloseable {
  static final String NAME = "writer.lock";

  /** Behind every text that is ever written, so that others can read who holds the lock. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private static final int MAX_OWNER_BYTES = 256;

  /**
   * What this process holds. Static, because such a lock belongs to the process and not to a
   * channel: closing any second channel to the file would give it back.
   */
  private static final Map<Path, String> HELD = new HashMap<>();

  private final Path key;
  private final FileChannel channel;
  private boolean closed;

  private FolderLock(Path key, FileChannel channel) {
    this.key = key;
    this.channel = channel;
  }

  /**
   * Takes the lock of an existing folder, or fails at once.
   *
   * @throws RealmException.BadInput if another writer holds it, telling which
   */
  public static FolderLock acquire(Path folder) {
    try {
      Path key = folder.toRealPath();
      synchronized (HELD) {
        String owner = HELD.get(key);
        if (owner != null) {
          throw held(folder, owner + ", which is this process");
        }
        FolderLock lock = lock(folder, key);
        HELD.put(key, owner());
        return lock;
      }
    } catch (IOException e) {
      throw DiskFault.writing(folder.resolve(NAME), MAX_OWNER_BYTES, e);
    }
  }

  @Override
  public void close() {
    synchronized (HELD) {
      if (closed) {
        return;
      }
      closed = true;
      HELD.remove(key);
      try {
        channel.close();
      } catch (IOException e) {
        // The descriptor is gone whatever close says, and the lock with it.
      }
    }
  }

  private static FolderLock lock(Path folder, Path key) throws IOException {
    Path file = folder.resolve(NAME);
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock(LOCKED_BYTE, 1, false) == null) {
        throw held(folder, readOwner(channel));
      }
      channel.write(ByteBuffer.wrap((owner() + "\n").getBytes(StandardCharsets.UTF_8)), 0);
      channel.truncate(owner().length() + 1L);
      return new FolderLock(key, channel);
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private static RealmException held(Path folder, String owner) {
    return new RealmException.BadInput(folder + ": another writer holds it: " + owner);
  }

  private static String owner() {
    ProcessHandle self = ProcessHandle.current();
    String start = self.info().startInstant().map(Instant::toString).orElse("an unknown time");
    return "process " + self.pid() + ", started " + start;
  }

  private static String readOwner(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(MAX_OWNER_BYTES);
    channel.read(text, 0);
    String owner = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
    return owner.isEmpty() ? "an unnamed process" : Names.shorten(owner, MAX_OWNER_BYTES);
  }
}
