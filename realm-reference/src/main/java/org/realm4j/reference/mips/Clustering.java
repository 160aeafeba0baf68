package org.realm4j.reference.mips;

import org.realm4j.reference.kernels.Kernels;
import org.realm4j.reference.kernels.Workers;
import org.realm4j.retrieval.Vectors;
import org.realm4j.tensor.CounterRandom;

/**
 * Clusters of vectors by their direction (spherical k-means). The length of a row, which counts in
 * an inner product, would pull rows of one direction into different clusters, and a query would
 * have to look into all of them: with Euclidean clusters four to eight times as many lists had to
 * be probed. The same bits for any number of threads.
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
      normalise(sample, i * d, d);
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

  private static void normalise(float[] x, int at, int n) {
    double squares = 0;
    for (int i = at; i < at + n; i++) {
      squares += (double) x[i] * x[i];
    }
    double factor = squares == 0 ? 0 : 1 / Math.sqrt(squares);
    for (int i = at; i < at + n; i++) {
      x[i] = (float) (x[i] * factor);
    }
  }

  /** The cluster of each row: that whose direction is the nearest. */
  int[] nearest(Vectors vectors) {
    Panels panels = new Panels(centroids, count, dimension, kernels);
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
    private final float[] rows = new float[Scan.BLOCK * dimension];
    private final float[] packed;
    private final float[] products;

    Assigner(Panels panels) {
      this.panels = panels;
      this.packed = new float[panels.packedSize(Scan.BLOCK)];
      this.products = new float[Scan.BLOCK * panels.cols()];
    }

    void block(Vectors vectors, int first, int[] nearest) {
      int size = Math.min(Scan.BLOCK, vectors.rows() - first);
      vectors.copy(first, size, rows, 0);
      panels.multiply(rows, size, packed, products);
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

  /** The mean of each cluster's rows, zero where there are none. {@code [count, dimension]} */
  float[] means(Vectors vectors, int[] nearest) {
    int[] sizes = new int[count];
    double[] sums = new double[count * dimension];
    float[] block = new float[Scan.BLOCK * dimension];
    for (int row = 0; row < nearest.length; row += Scan.BLOCK) {
      int rows = Math.min(Scan.BLOCK, nearest.length - row);
      vectors.copy(row, rows, block, 0);
      for (int r = 0; r < rows; r++) {
        int c = nearest[row + r];
        sizes[c]++;
        for (int i = 0; i < dimension; i++) {
          sums[c * dimension + i] += block[r * dimension + i];
        }
      }
    }
    float[] means = new float[count * dimension];
    for (int i = 0; i < means.length; i++) {
      means[i] = (float) (sums[i] / Math.max(1, sizes[i / dimension]));
    }
    return means;
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
    for (int c = 0; c < count; c++) {
      normalise(centroids, c * dimension, dimension);
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
