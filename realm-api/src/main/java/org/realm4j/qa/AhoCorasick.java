package org.realm4j.qa;

import it.unimi.dsi.fastutil.chars.CharArrayList;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.function.IntConsumer;

/**
 * Finds all occurrences of many strings in one pass over a text (Aho and Corasick 1975). Add
 * strings, {@link #link}, then scan; from then on thread-safe.
 *
 * <p>Why not a library: the small one (double array trie) has a module name that Java refuses, the
 * other takes ten times this memory, 5 KB an answer; both last appeared in 2021.
 */
final class AhoCorasick {
  private static final int ROOT = 0;
  private static final int NONE = -1;

  // All by node. A node stands for a prefix of some string.
  private final IntArrayList parents = new IntArrayList();
  private final CharArrayList lastChars = new CharArrayList();
  private final IntArrayList depths = new IntArrayList();
  private final IntArrayList ids = new IntArrayList();

  /** (node, character) to child. */
  private final Long2IntOpenHashMap children = new Long2IntOpenHashMap();

  private int[] suffixes = {}; // the longest proper suffix that is a node
  private int[] outputs = {}; // the longest proper suffix that is a string
  private int strings;

  AhoCorasick() {
    children.defaultReturnValue(NONE);
    newNode(ROOT, '\0', 0);
  }

  /** The number of a string, which is not empty; strings are numbered as they first come. */
  int add(String string) {
    int node = ROOT;
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      int child = child(node, c);
      node = child == NONE ? newNode(node, c, i + 1) : child;
    }
    if (ids.getInt(node) == NONE) {
      ids.set(node, strings++);
    }
    return ids.getInt(node);
  }

  /** How many different strings there are. */
  int size() {
    return strings;
  }

  /** To be called once, after the last string. */
  void link() {
    children.trim();
    suffixes = new int[parents.size()];
    outputs = new int[parents.size()];
    outputs[ROOT] = NONE;
    for (int node : byDepth()) {
      if (node != ROOT) {
        int parent = parents.getInt(node);
        int suffix = parent == ROOT ? ROOT : step(suffixes[parent], lastChars.getChar(node));
        suffixes[node] = suffix;
        outputs[node] = ids.getInt(suffix) == NONE ? outputs[suffix] : suffix;
      }
    }
  }

  /** Gives the number of a string to the consumer at each place where it ends. */
  void scan(String text, IntConsumer found) {
    int node = ROOT;
    for (int i = 0; i < text.length(); i++) {
      node = step(node, text.charAt(i));
      int output = ids.getInt(node) == NONE ? outputs[node] : node;
      for (; output != NONE; output = outputs[output]) {
        found.accept(ids.getInt(output));
      }
    }
  }

  /** The longest suffix of a node's string and c that is a node. */
  private int step(int node, char c) {
    int at = node;
    int child = child(at, c);
    while (child == NONE && at != ROOT) {
      at = suffixes[at];
      child = child(at, c);
    }
    return child == NONE ? ROOT : child;
  }

  private int child(int node, char c) {
    return children.get((long) node << 16 | c);
  }

  private int newNode(int parent, char c, int depth) {
    int node = parents.size();
    parents.add(parent);
    lastChars.add(c);
    depths.add(depth);
    ids.add(NONE);
    if (node != ROOT) {
      children.put((long) parent << 16 | c, node);
    }
    return node;
  }

  /** All nodes, the shorter ones first, by counting sort. */
  private int[] byDepth() {
    int deepest = 0;
    for (int depth : depths) {
      deepest = Math.max(deepest, depth);
    }
    int[] next = new int[deepest + 2];
    for (int depth : depths) {
      next[depth + 1]++;
    }
    for (int d = 1; d < next.length; d++) {
      next[d] += next[d - 1];
    }
    int[] sorted = new int[depths.size()];
    for (int node = 0; node < sorted.length; node++) {
      sorted[next[depths.getInt(node)]++] = node;
    }
    return sorted;
  }
}
