package org.realm4j.reference.mips;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.realm4j.io.RealmException;

/** What was kept of an index. */
final class Parts {
  private Parts() {}

  /**
   * @throws RealmException.CorruptFile if it is missing or of another size
   */
  static MemorySegment get(Map<String, MemorySegment> parts, String name, long bytes) {
    MemorySegment part = parts.get(name);
    if (part == null || part.byteSize() != bytes) {
      throw new RealmException.CorruptFile(
          "index: part '%s': expected %,d bytes, found %s"
              .formatted(name, bytes, part == null ? "none" : "%,d".formatted(part.byteSize())));
    }
    return part;
  }
}
