package org.realm4j.corpus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.realm4j.io.Lines;
import org.realm4j.io.RealmException;
import org.realm4j.text.Passage;

/** See {@link Corpus#plainText}. */
record PlainTextCorpus(Path root) implements Corpus {

  @Override
  public void forEach(Consumer<Passage> consumer) {
    DistinctIds ids = new DistinctIds(root.toString(), "passage");
    long[] count = {0};
    for (Path file : files()) {
      read(
          file,
          passage -> {
            // 'a.txt' beside 'a.TXT' would give the same ids.
            ids.add(passage.id(), ++count[0]);
            consumer.accept(passage);
          });
    }
  }

  private List<Path> files() {
    if (!Files.isDirectory(root)) {
      return List.of(root);
    }
    try (Stream<Path> tree = Files.walk(root)) {
      // Compared as text with '/', so that the order is the same on every system.
      List<Path> files =
          tree.filter(Files::isRegularFile)
              .filter(file -> file.toString().endsWith(".txt"))
              .sorted(Comparator.comparing(this::relative))
              .toList();
      if (files.isEmpty()) {
        throw new RealmException.BadInput(root + ": expected files *.txt, found none");
      }
      return files;
    } catch (IOException e) {
      throw new RealmException.BadInput(root + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private void read(Path file, Consumer<Passage> consumer) {
    Paragraphs paragraphs =
        new Paragraphs(stem(relative(file)), stem(file.getFileName().toString()), consumer);
    Lines.forEach(file, (number, line) -> paragraphs.add(line));
    paragraphs.end();
  }

  private String relative(Path file) {
    Path path = file.equals(root) ? file.getFileName() : root.relativize(file);
    return path.toString().replace('\\', '/');
  }

  private static String stem(String name) {
    int dot = name.lastIndexOf('.');
    return dot <= name.lastIndexOf('/') + 1 ? name : name.substring(0, dot);
  }

  @Override
  public String describe() {
    return "plain text " + root.getFileName();
  }

  /** Joins lines up to a blank one into a passage. */
  private static final class Paragraphs {
    private final String path;
    private final String title;
    private final Consumer<Passage> consumer;
    private StringJoiner lines = new StringJoiner(" ");
    private int passages;

    Paragraphs(String path, String title, Consumer<Passage> consumer) {
      this.path = path;
      this.title = title;
      this.consumer = consumer;
    }

    void add(String line) {
      if (line.isBlank()) {
        end();
      } else {
        lines.add(line.strip());
      }
    }

    void end() {
      if (lines.length() > 0) {
        consumer.accept(new Passage(path + ":" + ++passages, title, lines.toString()));
        lines = new StringJoiner(" ");
      }
    }
  }
}
