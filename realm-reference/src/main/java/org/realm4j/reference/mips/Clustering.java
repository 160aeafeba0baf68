package org.realm4j.reference.mips;

import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.Vectors;
import org.realm4j.tensor.CounterRandom;

/**
 * Clusters of vectors by Euclidean distance (Lloyd's k-means), which keeps long and short rows
 * apart: with raw inner products their length decides. The same bits for any number of threads.
 */
final class Clustering {
  /** Rows of the sample for each cluster: enough for a centroid, as in faiss. */
  private static final int SAMPLE = 48;

  private static final int MOST_SAMPLES = 1 << 17;
  private static final int ROUNDS = 8;
  private static final int KEY = CounterRandom.key("clustering".hashCode());

  private final int dimension;
  private final int count;
  private final float[] centroids; // [count, dimension]
  private final Kernels kernels;
  private final Workers workers;

  private Clustering(
      int dimension, int count, float[] centroids, Kernels kernels, Workers workers) {
    this.dimension = dimension;
    this.count = count;
    this.centroids = centroids;
    this.kernels = kernels;
    this.workers = workers;
  }

  /** The clusters that a former build found. */
  static Clustering of(float[] centroids, int dimension, Kernels kernels, Workers workers) {
    return new Clustering(dimension, centroids.length / dimension, centroids, kernels, workers);
  }

  /** Finds clusters on a sample of the rows. */
  static Clustering train(Vectors vectors, int count, Kernels kernels, Workers workers) {
    int d = vectors.dimension();
    long wanted = Math.min((long) count * SAMPLE, MOST_SAMPLES);
    int samples = (int) Math.min(vectors.rows(), Math.max(wanted, count));
    float[] sample = new float[Math.multiplyExact(samples, d)];
    for (int i = 0; i < samples; i++) {
      vectors.copy(stratum(i, samples, vectors.rows()), 1, sample, i * d);
    }
    float[] start = new float[count * d];
    for (int c = 0; c < count; c++) {
      System.arraycopy(sample, stratum(c, count, samples) * d, start, c * d, d);
    }
    Clustering clusters = new Clustering(d, count, start, kernels, workers);
    Vectors points = Vectors.of(sample, d);
    for (int round = 0; round < ROUNDS; round++) {
      clusters.move(sample, clusters.nearest(points));
    }
    return clusters;
  }

  /** A row of the i-th of n equal parts, by chance. */
  private static int stratum(int i, int n, int rows) {
    long from = (long) i * rows / n;
    long to = (long) (i + 1) * rows / n;
    return (int) (from + CounterRandom.below((int) (to - from), KEY, i));
  }

  /** {@code [count, dimension]} */
  float[] centroids() {
    return centroids;
  }

  int count() {
    return count;
  }

  /**
   * The cluster of each row. The nearest centroid c of x is that of the largest x . c - |c|^2 / 2,
   * a product of one more dimension.
   */
  int[] nearest(Vectors vectors) {
    int d = dimension + 1;
    float[] extended = new float[count * d];
    for (int c = 0; c < count; c++) {
      System.arraycopy(centroids, c * dimension, extended, c * d, dimension);
      float square = kernels.dot(centroids, c * dimension, centroids, c * dimension, dimension);
      extended[c * d + dimension] = -square / 2;
    }
    Panels panels = new Panels(extended, count, d, kernels);
    int[] nearest = new int[vectors.rows()];
    Assigner[] assigners = new Assigner[workers.count()];
    workers.run(
        Math.ceilDiv(vectors.rows(), Scan.BLOCK),
        (block, worker) -> {
          if (assigners[worker] == null) {
            assigners[worker] = new Assigner(panels);
          }
          assigners[worker].block(vectors, block * Scan.BLOCK, nearest);
        });
    return nearest;
  }

  private final class Assigner {
    private final Panels panels;
    private final float[] rows = new float[Scan.BLOCK * (dimension + 1)];
    private final float[] products;

    Assigner(Panels panels) {
      this.panels = panels;
      this.products = new float[Scan.BLOCK * panels.cols()];
    }

    void block(Vectors vectors, int first, int[] nearest) {
      int size = Math.min(Scan.BLOCK, vectors.rows() - first);
      for (int r = 0; r < size; r++) {
        vectors.copy(first + r, 1, rows, r * (dimension + 1));
        rows[r * (dimension + 1) + dimension] = 1;
      }
      panels.multiply(rows, size, products);
      for (int r = 0; r < size; r++) {
        int at = r * panels.cols();
        float largest = kernels.max(products, at, count);
        int c = 0;
        while (c < count - 1 && products[at + c] != largest) {
          c++;
        }
        nearest[first + r] = c;
      }
    }
  }

  /** Each centroid goes to the mean of its points; one without points shares those of another. */
  private void move(float[] points, int[] nearest) {
    int[] sizes = new int[count];
    double[] sums = new double[count * dimension];
    for (int p = 0; p < nearest.length; p++) {
      int c = nearest[p];
      sizes[c]++;
      for (int i = 0; i < dimension; i++) {
        sums[c * dimension + i] += points[p * dimension + i];
      }
    }
    for (int c = 0; c < count; c++) {
      for (int i = 0; sizes[c] > 0 && i < dimension; i++) {
        centroids[c * dimension + i] = (float) (sums[c * dimension + i] / sizes[c]);
      }
    }
    for (int c = 0; c < count; c++) {
      if (sizes[c] == 0) {
        split(c, sizes);
      }
    }
  }

  private void split(int empty, int[] sizes) {
    int largest = 0;
    for (int c = 1; c < count; c++) {
      largest = sizes[c] > sizes[largest] ? c : largest;
    }
    for (int i = 0; i < dimension; i++) {
      float apart = (i % 2 == 0 ? 1 : -1) / 1024f;
      float old = centroids[largest * dimension + i];
      centroids[empty * dimension + i] = old * (1 + apart);
      centroids[largest * dimension + i] = old * (1 - apart);
    }
    sizes[empty] = sizes[largest] / 2;
    sizes[largest] -= sizes[empty];
  }
}
