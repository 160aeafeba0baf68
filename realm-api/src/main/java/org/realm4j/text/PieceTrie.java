package org.realm4j.text;

import java.util.Arrays;

/**
 * All tokens of a vocabulary in one trie, so that the longest piece at a place is found by a single
 * walk and without substrings. The edges lie in one open hash table: (node, character) to child.
 * Continuations hang below the node that "##" leads to. Immutable once built.
 */
final class PieceTrie {
  static final int ROOT = 0;
  private static final long FREE = -1L;

  private final int continuation;
  private int[] idOfNode = new int[1024];
  private int nodes = 1;
  private long[] edges = new long[4096];
  private int[] children = new int[4096];

  PieceTrie(Vocabulary vocabulary) {
    Arrays.fill(idOfNode, -1);
    Arrays.fill(edges, FREE);
    for (int id = 0; id < vocabulary.size(); id++) {
      int node = insert(vocabulary.token(id)); // First, as it may replace the array.
      idOfNode[node] = id;
    }
    continuation = insert("##");
  }

  /** Where the walk for a piece inside a word begins. */
  int continuation() {
    return continuation;
  }

  /** The child of a node, -1 if there is none. */
  int child(int node, char c) {
    long edge = edge(node, c);
    int slot = slot(edge, edges.length - 1);
    while (edges[slot] != edge) {
      if (edges[slot] == FREE) {
        return -1;
      }
      slot = (slot + 1) & (edges.length - 1);
    }
    return children[slot];
  }

  /** The id of the token that ends at this node, -1 if none does. */
  int id(int node) {
    return idOfNode[node];
  }

  private int insert(String token) {
    int node = ROOT;
    for (int i = 0; i < token.length(); i++) {
      int child = child(node, token.charAt(i));
      node = child >= 0 ? child : addChild(node, token.charAt(i));
    }
    return node;
  }

  private int addChild(int node, char c) {
    if (nodes == idOfNode.length) {
      idOfNode = Arrays.copyOf(idOfNode, 2 * nodes);
      Arrays.fill(idOfNode, nodes, 2 * nodes, -1);
    }
    // At most a third full: probes stay short, and most walks end in a miss.
    if (3 * nodes > edges.length) {
      grow();
    }
    put(edge(node, c), nodes);
    return nodes++;
  }

  private void grow() {
    long[] oldEdges = edges;
    int[] oldChildren = children;
    edges = new long[2 * oldEdges.length];
    children = new int[edges.length];
    Arrays.fill(edges, FREE);
    for (int i = 0; i < oldEdges.length; i++) {
      if (oldEdges[i] != FREE) {
        put(oldEdges[i], oldChildren[i]);
      }
    }
  }

  private void put(long edge, int child) {
    int slot = slot(edge, edges.length - 1);
    while (edges[slot] != FREE) {
      slot = (slot + 1) & (edges.length - 1);
    }
    edges[slot] = edge;
    children[slot] = child;
  }

  private static long edge(int node, char c) {
    return (long) node << 16 | c;
  }

  private static int slot(long edge, int mask) {
    return (int) (edge * 0x9E3779B97F4A7C15L >>> 32) & mask;
  }
}
