package org.realm4j.io;

/**
 * The one exception of this library. Its subclasses are told apart by what the caller can do about
 * them; the message is one line that says what, where, what was expected and what was found.
 */
public class RealmException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RealmException(String message) {
    super(message);
  }

  public RealmException(String message, Throwable cause) {
    super(message, cause);
  }

  /** An argument, a corpus or a setting is wrong: the caller can give another one. */
  public static final class BadInput extends RealmException {
    private static final long serialVersionUID = 1L;

    public BadInput(String message) {
      super(message);
    }

    public BadInput(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A file is damaged, truncated or lies about itself: it must be fetched or built again. */
  public static final class CorruptFile extends RealmException {
    private static final long serialVersionUID = 1L;

    public CorruptFile(String message) {
      super(message);
    }

    public CorruptFile(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Each part is sound, but they do not belong together, such as a vocabulary and a model. */
  public static final class Incompatible extends RealmException {
    private static final long serialVersionUID = 1L;

    public Incompatible(String message) {
      super(message);
    }
  }

  /** Memory, on the heap or on a device, does not suffice: a smaller batch may fit. */
  public static final class OutOfMemory extends RealmException {
    private static final long serialVersionUID = 1L;

    public OutOfMemory(String message) {
      super(message);
    }

    public OutOfMemory(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
