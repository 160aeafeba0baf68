package org.realm4j.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * Every physical operation on files that durable writing needs, and no other. It exists so that a
 * test can make the k-th operation fail, or the disk full, and look at what is left behind.
 */
interface FileLayer {
  /** The real disk. */
  FileLayer DISK = new DiskFileLayer();

  /** A file open for writing, which can be forced to the disk. */
  interface Output extends WritableByteChannel {
    /** Returns when the content, and the length, are on the disk. */
    void force() throws IOException;
  }

  /** Creates the file, or empties it. */
  Output create(Path file) throws IOException;

  InputStream read(Path file) throws IOException;

  /** The entries of a folder in the order of their names. */
  List<Path> list(Path folder) throws IOException;

  void createFolder(Path folder) throws IOException;

  /** Forces a file that somebody else has written. */
  void forceFile(Path file) throws IOException;

  /** Forces the names in a folder: a renamed file is not durable before. */
  void forceFolder(Path folder) throws IOException;

  /** Replaces the target in one step: a reader sees the old file or the new one. */
  void rename(Path from, Path to) throws IOException;

  /** Removes a file or an empty folder; nothing happens if there is none. */
  void delete(Path path) throws IOException;
}
