package org.realm4j.io;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** The disk, of which the k-th operation fails, or which is full after some bytes. */
final class FaultyLayer implements FileLayer {
  private final FileLayer disk = FileLayer.DISK;
  private final long failAt;
  private final boolean once;
  private long bytesLeft;
  long operations;
  long faults;

  private FaultyLayer(long failAt, boolean once, long bytes) {
    this.failAt = failAt;
    this.once = once;
    this.bytesLeft = bytes;
  }

  static FaultyLayer failingAt(long k, boolean once) {
    return new FaultyLayer(k, once, Long.MAX_VALUE);
  }

  static FaultyLayer fullAfter(long bytes) {
    return new FaultyLayer(Long.MAX_VALUE, true, bytes);
  }

  private void step(String what) throws IOException {
    operations++;
    if (once ? operations == failAt : operations >= failAt) {
      faults++;
      throw new IOException("injected fault in " + what);
    }
  }

  @Override
  public Output create(Path file) throws IOException {
    step("create");
    Output output = disk.create(file);
    return new Output() {
      @Override
      public int write(ByteBuffer source) throws IOException {
        step("write");
        if (source.remaining() > bytesLeft) {
          faults++;
          source.limit(source.position() + (int) bytesLeft);
          bytesLeft = 0;
          output.write(source);
          throw new IOException("No space left on device");
        }
        int written = output.write(source);
        bytesLeft -= written;
        return written;
      }

      @Override
      public void force() throws IOException {
        step("force");
        output.force();
      }

      @Override
      public boolean isOpen() {
        return output.isOpen();
      }

      @Override
      public void close() throws IOException {
        output.close();
        step("close");
      }
    };
  }

  @Override
  public InputStream read(Path file) throws IOException {
    step("open");
    return new FilterInputStream(disk.read(file)) {
      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        step("read");
        return super.read(bytes, offset, length);
      }
    };
  }

  @Override
  public List<Path> list(Path folder) throws IOException {
    step("list");
    return disk.list(folder);
  }

  @Override
  public void createFolder(Path folder) throws IOException {
    step("create folder");
    disk.createFolder(folder);
  }

  @Override
  public void forceFile(Path file) throws IOException {
    step("force file");
    disk.forceFile(file);
  }

  @Override
  public void forceFolder(Path folder) throws IOException {
    step("force folder");
    disk.forceFolder(folder);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    step("rename");
    disk.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    step("delete");
    disk.delete(path);
  }
}
