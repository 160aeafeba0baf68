package org.realm4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.realm4j.text.Entity;
import org.realm4j.text.EntityTagger;
import org.realm4j.text.Span;

/**
 * Precision and recall of the built-in tagger's names on a CoNLL file with IO tags: exact spans,
 * types ignored. Beside it the naive baseline, runs of capitalised words without a stop list word.
 *
 * <p>Usage: {@code EntityTaggerBench FILE [show]}; {@code show} prints every error in its text.
 */
public final class EntityTaggerBench {
  private static final Set<String> STOP_LIST =
      Set.of(
          ("The A An In On At It He She They His Her Their This That These Those I We You My Our"
                  + " Its There When While After Before As For From But And Or If By With To Of Is Was"
                  + " Are Were Be Not No One Two Some All Also However Although Since During Other"
                  + " Many Most More Such So Then Now Both Each Who What Which Where How Why January"
                  + " February March April May June July August September October November December"
                  + " Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
              .split(" "));

  private EntityTaggerBench() {}

  public static void main(String[] args) throws IOException {
    if (args.length < 1) {
      System.err.println("usage: EntityTaggerBench CONLL_FILE [show]");
      System.exit(2);
    }
    List<Document> documents = Document.read(Path.of(args[0]));
    EntityTagger builtIn = EntityTagger.builtIn();
    Counts tagger = new Counts();
    Counts baseline = new Counts();
    for (Document document : documents) {
      Set<TokenRange> found = document.names(builtIn.tag(document.text()));
      tagger.add(found, document.gold());
      baseline.add(capitalisedRuns(document), document.gold());
      if (args.length > 1) {
        show(document, found);
      }
    }
    System.out.printf("%d documents%n", documents.size());
    System.out.printf("built-in  %s%n", tagger);
    System.out.printf("baseline  %s%n", baseline);
  }

  private static Set<TokenRange> capitalisedRuns(Document document) {
    Set<TokenRange> runs = new HashSet<>();
    List<String> tokens = document.tokens();
    for (int i = 0, end; i < tokens.size(); i = end + 1) {
      end = i;
      while (end < tokens.size() && isCapitalised(tokens.get(end))) {
        end++;
      }
      if (end > i) {
        runs.add(new TokenRange(i, end));
      }
    }
    return runs;
  }

  private static boolean isCapitalised(String token) {
    return Character.isUpperCase(token.charAt(0)) && !STOP_LIST.contains(token);
  }

  private static void show(Document document, Set<TokenRange> found) {
    Set<TokenRange> all = new TreeSet<>(found);
    all.addAll(document.gold());
    for (TokenRange range : all) {
      boolean right = document.gold().contains(range);
      if (right != found.contains(range)) {
        List<String> tokens = document.tokens();
        System.out.printf(
            "%s  %s [%s] %s%n",
            right ? "missed" : "wrong ",
            String.join(" ", tokens.subList(Math.max(0, range.start - 4), range.start)),
            String.join(" ", tokens.subList(range.start, range.end)),
            String.join(" ", tokens.subList(range.end, Math.min(tokens.size(), range.end + 4))));
      }
    }
  }

  /** Tokens {@code [start, end)} of a document. */
  private record TokenRange(int start, int end) implements Comparable<TokenRange> {
    @Override
    public int compareTo(TokenRange other) {
      return start != other.start ? start - other.start : end - other.end;
    }
  }

  /** A document's tokens, joined by spaces to its text, and its annotated names. */
  private record Document(List<String> tokens, Set<TokenRange> gold, String text) {
    static List<Document> read(Path conll) throws IOException {
      List<Document> documents = new ArrayList<>();
      List<String> tokens = new ArrayList<>();
      List<String> tags = new ArrayList<>();
      for (String line : Files.readAllLines(conll)) {
        int space = line.lastIndexOf(' ');
        if (line.startsWith("-DOCSTART-")) {
          end(tokens, tags, documents);
        } else if (space > 0) {
          tokens.add(line.substring(0, space));
          tags.add(line.substring(space + 1).strip());
        } else if (!tags.isEmpty()) {
          tags.add(tags.removeLast() + "|"); // The sentence ends, and a name with it.
        }
      }
      end(tokens, tags, documents);
      return documents;
    }

    private static void end(List<String> tokens, List<String> tags, List<Document> documents) {
      if (!tokens.isEmpty()) {
        List<String> copy = List.copyOf(tokens);
        documents.add(new Document(copy, gold(tags), String.join(" ", copy)));
        tokens.clear();
        tags.clear();
      }
    }

    private static Set<TokenRange> gold(List<String> tags) {
      Set<TokenRange> gold = new HashSet<>();
      for (int i = 0, end; i < tags.size(); i = end) {
        end = i + 1;
        if (!tags.get(i).startsWith("O")) {
          String type = tags.get(i).replace("|", "");
          while (end < tags.size()
              && !tags.get(end - 1).endsWith("|")
              && tags.get(end).replace("|", "").equals(type)) {
            end++;
          }
          gold.add(new TokenRange(i, end));
        }
      }
      return gold;
    }

    /** The names as the tokens that they touch. */
    Set<TokenRange> names(List<Entity> entities) {
      Set<TokenRange> names = new HashSet<>();
      int[] tokenAt = new int[text.length()];
      int at = 0;
      for (int token = 0; token < tokens.size(); token++) {
        for (int i = 0; i < tokens.get(token).length(); i++) {
          tokenAt[at++] = token;
        }
        at++; // The space.
      }
      for (Entity entity : entities) {
        if (entity.kind() == Entity.Kind.NAME) {
          Span span = entity.span();
          names.add(new TokenRange(tokenAt[span.start()], tokenAt[span.end() - 1] + 1));
        }
      }
      return names;
    }
  }

  private static final class Counts {
    private int truePositives;
    private int falsePositives;
    private int falseNegatives;

    void add(Set<TokenRange> found, Set<TokenRange> gold) {
      int right = (int) found.stream().filter(gold::contains).count();
      truePositives += right;
      falsePositives += found.size() - right;
      falseNegatives += gold.size() - right;
    }

    @Override
    public String toString() {
      double precision = truePositives / (double) (truePositives + falsePositives);
      double recall = truePositives / (double) (truePositives + falseNegatives);
      return "tp %d  fp %d  fn %d  precision %.3f  recall %.3f  F1 %.3f"
          .formatted(
              truePositives,
              falsePositives,
              falseNegatives,
              precision,
              recall,
              2 * precision * recall / (precision + recall));
    }
  }
}
