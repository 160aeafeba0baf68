package org.realm4j.corpus;

import static org.realm4j.io.BlockFile.INT;

import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;
import org.realm4j.io.BlockFile;

/**
 * A hash table from ids to passage numbers, as it stands in the file: slots of 4 bytes, a power of
 * two and more than there are passages, each 0 if free or a passage number + 1, with linear
 * probing. It holds no ids; those are compared in the records.
 */
final class IdTable {
  private final MemorySegment slots;
  private final int mask;
  private final BlockFile file;

  IdTable(MemorySegment slots, BlockFile file) {
    this.slots = slots;
    this.mask = (int) (slots.byteSize() / 4) - 1;
    this.file = file;
  }

  /** At most half of the slots are taken. */
  static int slots(int passages) {
    return Integer.highestOneBit(Math.max(1, passages)) * 4;
  }

  /** FNV-1a, then Murmur's finaliser, since the table looks at the low bits. */
  static int hash(byte[] id) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : id) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
    return (int) (hash ^ hash >>> 33);
  }

  /**
   * The number of the passage with this id, or -1.
   *
   * @param size the number of passages, which a damaged slot could exceed
   */
  int find(byte[] id, int size, IntFunction<MemorySegment> idOf) {
    MemorySegment wanted = MemorySegment.ofArray(id);
    int slot = hash(id) & mask;
    // No more steps than slots: damage could have filled them all.
    for (int step = 0; step <= mask; step++, slot = slot + 1 & mask) {
      int number = slots.get(INT, 4L * slot) - 1;
      if (number == -1) {
        return -1;
      }
      if (number < 0 || number >= size) {
        throw file.corrupt("a passage number below " + size + " in slot " + slot, "" + number);
      }
      if (idOf.apply(number).mismatch(wanted) == -1) {
        return number;
      }
    }
    throw file.corrupt("a free slot among " + (mask + 1L), "none");
  }
}
