package org.realm4j.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Writes one file so that a crash leaves the old content or the new one: temporary name, force,
 * rename, force the folder.
 */
final class DurableFile {
  static final String TEMPORARY_SUFFIX = ".tmp";

  /** Writes the content. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private DurableFile() {}

  /**
   * Replaces the file. The temporary name is fixed, so that what a crash leaves is overwritten by
   * the next write and does not pile up.
   *
   * @param bytes the length of the content, for the message when the disk is full
   * @throws RealmException if the disk refuses; the old file is then untouched
   */
  static void write(FileLayer layer, Path file, long bytes, Content content) {
    Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY_SUFFIX);
    Path parent = file.toAbsolutePath().getParent();
    boolean renamed = false;
    try {
      try (FileLayer.Output output = layer.create(temporary)) {
        OutputStream buffered = new BufferedOutputStream(stream(output), 1 << 16);
        content.writeTo(buffered);
        buffered.flush();
        output.force();
      }
      layer.rename(temporary, file);
      renamed = true;
      if (parent != null) {
        layer.forceFolder(parent);
      }
    } catch (IOException e) {
      throw DiskFault.writing(file, bytes, e);
    } finally {
      if (!renamed) {
        deleteQuietly(layer, temporary);
      }
    }
  }

  private static OutputStream stream(FileLayer.Output output) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
        while (rest.hasRemaining()) {
          output.write(rest);
        }
      }
    };
  }

  /** The failure that is under way matters more than one in tidying up after it. */
  static void deleteQuietly(FileLayer layer, Path path) {
    try {
      layer.delete(path);
    } catch (IOException e) {
      // The next write to the same name overwrites it, the next publication sweeps it.
    }
  }
}
