package org.realm4j.io;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A folder whose content is replaced as a whole. Each publication is a generation in a folder of
 * its own; the file {@value #CURRENT} is its manifest and the only thing that is ever replaced. A
 * crash at any point leaves the old generation, or the new one, readable; nothing that a reader may
 * have mapped is overwritten.
 *
 * <p>Publishing forces every file to the disk before the generation becomes visible. One writer at
 * a time holds the {@link FolderLock}; readers need none. Thread-safe.
 */
public final class PublishedFolder {
  static final String CURRENT = "CURRENT";

  /** Writes the files of a generation. */
  @FunctionalInterface
  public interface IOAction {
    /**
     * Writes into an empty folder; sub-folders are allowed, links are not.
     *
     * @throws IOException fails the publication
     */
    void writeTo(Path generation) throws IOException;
  }

  private static final Manifest NOTHING = new Manifest(0, List.of());

  private final FileLayer layer;
  private final Path dir;
  private final int keep;

  private PublishedFolder(FileLayer layer, Path dir, int keep) {
    this.layer = layer;
    this.dir = dir;
    this.keep = keep;
  }

  /** A folder, which the first publication creates; keeps one older generation. */
  public static PublishedFolder at(Path dir) {
    return at(FileLayer.DISK, dir);
  }

  static PublishedFolder at(FileLayer layer, Path dir) {
    return new PublishedFolder(layer, dir, 1);
  }

  /**
   * The same folder with another number of older generations that a publication leaves. With none,
   * a reader that opens its files late may find them gone.
   */
  public PublishedFolder keeping(int older) {
    if (older < 0) {
      throw new RealmException.BadInput("keep: expected at least 0, found " + older);
    }
    return new PublishedFolder(layer, dir, older);
  }

  /**
   * Publishes a new generation. When this returns, it is on the disk and visible. When it throws,
   * the old generation is still there; only if the very last step failed, the new one is.
   *
   * @throws RealmException.BadInput if another writer holds the folder
   * @throws RealmException if the disk refuses, or what the writer throws
   */
  public void publish(IOAction writer) {
    try {
      layer.createFolder(dir);
    } catch (IOException e) {
      throw DiskFault.writing(dir, 0, e);
    }
    try (FolderLock lock = FolderLock.acquire(dir)) {
      long number = sweepAndNumber();
      Manifest manifest = writeGeneration(number, writer);
      makeVisible(manifest);
      // Published: what cannot be tidied up now will be swept by the next publication.
      sweepQuietly(manifest);
    }
  }

  /**
   * The folder of the generation that was published last, if there is one. All files are there with
   * the lengths that the manifest tells; {@link #check} reads them as well.
   *
   * @throws RealmException.CorruptFile if the manifest is damaged, or a file missing or too short
   *     or long
   */
  public Optional<Path> current() {
    return manifest().map(manifest -> dir.resolve(manifest.folder()));
  }

  /** The identity of the current generation: 16 bytes, in hexadecimal. */
  public Optional<String> currentId() {
    return manifest().map(Manifest::id);
  }

  /**
   * Reads every file of the current generation and compares its CRC32C.
   *
   * @throws RealmException.CorruptFile that names the first file that differs
   */
  public void check() {
    Optional<Manifest> current = manifest();
    if (current.isEmpty()) {
      return;
    }
    Path folder = dir.resolve(current.get().folder());
    try {
      for (Manifest.Content expected : current.get().files()) {
        Manifest.Content found =
            Manifest.measure(layer, folder.resolve(expected.name()), expected.name());
        if (!found.equals(expected)) {
          throw new RealmException.CorruptFile(
              "%s: expected %,d bytes with checksum %s, found %,d with %s"
                  .formatted(
                      folder.resolve(expected.name()),
                      expected.bytes(),
                      Manifest.hex(expected.crc32c()),
                      found.bytes(),
                      Manifest.hex(found.crc32c())));
        }
      }
    } catch (IOException e) {
      throw DiskFault.reading(folder, e);
    }
  }

  private Optional<Manifest> manifest() {
    try {
      Optional<Manifest> read = readManifest();
      while (read.isPresent()) {
        Optional<RealmException> fault = wrongLength(read.get());
        if (fault.isEmpty()) {
          return read;
        }
        // A publication may have replaced, and swept, what was just looked at.
        Optional<Manifest> again = readManifest();
        if (again.equals(read)) {
          throw fault.get();
        }
        read = again;
      }
      return read;
    } catch (IOException e) {
      throw DiskFault.reading(dir.resolve(CURRENT), e);
    }
  }

  private Optional<Manifest> readManifest() throws IOException {
    try {
      return Optional.of(Manifest.read(layer, dir.resolve(CURRENT)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private Optional<RealmException> wrongLength(Manifest manifest) throws IOException {
    Path folder = dir.resolve(manifest.folder());
    for (Manifest.Content file : manifest.files()) {
      Path path = folder.resolve(file.name());
      OptionalLong found = length(path);
      if (found.isEmpty() || found.getAsLong() != file.bytes()) {
        String what = found.isPresent() ? "%,d".formatted(found.getAsLong()) : "no file";
        return Optional.of(
            new RealmException.CorruptFile(
                "%s: expected %,d bytes, found %s".formatted(path, file.bytes(), what)));
      }
    }
    return Optional.empty();
  }

  private static OptionalLong length(Path path) throws IOException {
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return attributes.isRegularFile() ? OptionalLong.of(attributes.size()) : OptionalLong.empty();
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * Takes a file or folder of an older generation over into the one that is being written, without
   * copying where the disk can link: nothing that was published is ever changed.
   *
   * @throws IOException fails the publication
   */
  public static void takeOver(Path published, Path target) throws IOException {
    if (Files.isDirectory(published, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(target);
      try (Stream<Path> files = Files.list(published)) {
        for (Path file : files.toList()) {
          takeOver(file, target.resolve(published.relativize(file)));
        }
      }
    } else {
      try {
        Files.createLink(target, published);
      } catch (UnsupportedOperationException | FileSystemException e) {
        Files.copy(published, target);
      }
    }
  }

  private Manifest writeGeneration(long number, IOAction writer) {
    Path folder = dir.resolve(Manifest.folder(number));
    boolean complete = false;
    try {
      layer.createFolder(folder);
      writer.writeTo(folder);
      List<Manifest.Content> files = new ArrayList<>();
      forceAll(folder, "", files, readManifest().orElse(NOTHING));
      layer.forceFolder(dir);
      files.sort(Comparator.comparing(Manifest.Content::name));
      complete = true;
      return new Manifest(number, List.copyOf(files));
    } catch (IOException e) {
      throw DiskFault.writing(folder, 0, e);
    } finally {
      if (!complete) {
        deleteTreeQuietly(folder);
      }
    }
  }

  private void makeVisible(Manifest manifest) {
    byte[] bytes = manifest.toBytes();
    try {
      DurableFile.write(layer, dir.resolve(CURRENT), bytes.length, out -> out.write(bytes));
    } catch (RealmException e) {
      try {
        // If only the last force failed, the generation is visible and must stay.
        if (readManifest().map(Manifest::number).orElse(0L) != manifest.number()) {
          deleteTreeQuietly(dir.resolve(manifest.folder()));
        }
      } catch (IOException | RealmException unknown) {
        e.addSuppressed(unknown);
      }
      throw e;
    }
  }

  /**
   * Forces and measures every file, and then the folder that names them. What was taken over from
   * the generation before has been forced and measured.
   */
  private void forceAll(Path folder, String prefix, List<Manifest.Content> files, Manifest before)
      throws IOException {
    for (Path path : layer.list(folder)) {
      String name = prefix + path.getFileName();
      if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        forceAll(path, name + "/", files, before);
      } else if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        Optional<Manifest.Content> known = takenOver(path, name, before);
        if (known.isPresent()) {
          files.add(known.get());
          continue;
        }
        layer.forceFile(path);
        files.add(Manifest.measure(layer, path, name));
      } else {
        throw new RealmException.BadInput(path + ": only files and folders can be published");
      }
    }
    layer.forceFolder(folder);
  }

  private Optional<Manifest.Content> takenOver(Path path, String name, Manifest before)
      throws IOException {
    for (Manifest.Content file : before.files()) {
      if (file.name().equals(name)) {
        Path old = dir.resolve(before.folder()).resolve(name);
        boolean same = Files.exists(old) && Files.isSameFile(path, old);
        return same ? Optional.of(file) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** Removes what crashed writers left, and returns a number above all that were ever used. */
  private long sweepAndNumber() {
    try {
      // Without a readable manifest no folder is known to be an orphan: better keep them all.
      Optional<Manifest> current = readManifest();
      long highest = current.map(Manifest::number).orElse(0L);
      for (Path path : layer.list(dir)) {
        highest = Math.max(highest, Manifest.number(path.getFileName().toString()));
      }
      // What CURRENT says must be on the disk before anything that it no longer names goes.
      layer.forceFolder(dir);
      sweepQuietly(current.orElse(NOTHING));
      return Math.addExact(highest, 1);
    } catch (IOException e) {
      throw DiskFault.reading(dir, e);
    }
  }

  private void sweepQuietly(Manifest current) {
    try {
      List<Path> generations = new ArrayList<>();
      for (Path path : layer.list(dir)) {
        String name = path.getFileName().toString();
        if (Manifest.number(name) > 0) {
          generations.add(path);
        } else if (name.equals(CURRENT + DurableFile.TEMPORARY_SUFFIX)) {
          DurableFile.deleteQuietly(layer, path);
        }
      }
      Set<Path> kept = kept(generations, current.number());
      generations.stream().filter(path -> !kept.contains(path)).forEach(this::deleteTreeQuietly);
    } catch (IOException e) {
      // The next publication sweeps again.
    }
  }

  private Set<Path> kept(List<Path> generations, long current) {
    Set<Path> kept = new HashSet<>();
    generations.stream()
        .filter(path -> number(path) <= current)
        .sorted(Comparator.comparingLong(PublishedFolder::number).reversed())
        .limit(keep + 1L)
        .forEach(kept::add);
    return kept;
  }

  private static long number(Path generation) {
    return Manifest.number(generation.getFileName().toString());
  }

  private void deleteTreeQuietly(Path path) {
    try {
      if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        for (Path child : layer.list(path)) {
          deleteTreeQuietly(child);
        }
      }
      layer.delete(path);
    } catch (IOException e) {
      // The next publication sweeps again.
    }
  }
}
