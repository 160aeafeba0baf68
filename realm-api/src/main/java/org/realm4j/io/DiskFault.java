package org.realm4j.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** Turns what the disk says into one clear line. */
final class DiskFault {
  private DiskFault() {}

  /** The file could not be read. */
  static RealmException reading(Path file, IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return new RealmException.BadInput(file + ": there is no such file", cause);
    }
    return new RealmException(file + ": could not be read: " + reason(cause), cause);
  }

  /**
   * The file could not be written.
   *
   * @param needed the bytes that the whole write needs; 0 if nobody knows
   */
  static RealmException writing(Path file, long needed, IOException cause) {
    if (isDiskFull(cause)) {
      String bytes = needed > 0 ? "; %,d bytes were needed".formatted(needed) : "";
      return new RealmException(file + ": the disk is full" + bytes, cause);
    }
    return new RealmException(file + ": could not be written: " + reason(cause), cause);
  }

  static boolean isDiskFull(IOException cause) {
    String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("no space left")
        || message.contains("not enough space")
        || message.contains("quota exceeded");
  }

  private static String reason(IOException cause) {
    if (cause instanceof AccessDeniedException) {
      return "access denied";
    }
    if (cause instanceof NoSuchFileException missing) {
      return "there is no " + missing.getFile();
    }
    if (cause instanceof FileSystemException e && e.getReason() != null) {
      return e.getReason();
    }
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
