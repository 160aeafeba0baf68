package org.realm4j.text;

import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.realm4j.io.RealmException;

/**
 * The wordpieces of a model and their ids, which are the lines of a {@code vocab.txt} counted from
 * 0. Always has the five specials of BERT. Immutable, so safe to share between threads.
 */
public final class Vocabulary {
  /** Longest token, in UTF-16 code units. Real ones stay under 30: a longer line is no token. */
  private static final int MAX_TOKEN_LENGTH = 1_000;

  /** A vocabulary file is a few hundred kilobytes: do not read gigabytes to find that it is not. */
  private static final long MAX_FILE_BYTES = 256L << 20;

  private final List<String> tokens;
  private final Object2IntOpenHashMap<String> ids;
  private final int cls;
  private final int sep;
  private final int mask;
  private final int pad;
  private final int unk;

  private Vocabulary(List<String> tokens) {
    this.tokens = List.copyOf(tokens);
    this.ids = new Object2IntOpenHashMap<>(tokens.size());
    ids.defaultReturnValue(-1);
    for (int id = 0; id < this.tokens.size(); id++) {
      String token = this.tokens.get(id);
      check(token, id);
      int first = ids.put(token, id);
      if (first >= 0) {
        throw new RealmException.BadInput(
            "token '" + token + "' stands on line " + (first + 1) + " and on line " + (id + 1));
      }
    }
    this.cls = special("[CLS]");
    this.sep = special("[SEP]");
    this.mask = special("[MASK]");
    this.pad = special("[PAD]");
    this.unk = special("[UNK]");
  }

  /**
   * Reads a {@code vocab.txt}: UTF-8, one token a line, ended by LF or CR LF.
   *
   * @throws RealmException.BadInput if the file is missing, unreadable or far too large
   * @throws RealmException.CorruptFile if it is no vocabulary: not UTF-8, an empty or over-long
   *     line, a token twice, a special token missing
   */
  public static Vocabulary load(Path vocabTxt) {
    String text;
    try {
      long bytes = Files.size(vocabTxt);
      if (bytes > MAX_FILE_BYTES) {
        throw new RealmException.BadInput(
            vocabTxt + ": " + bytes + " bytes; a vocabulary has at most " + MAX_FILE_BYTES);
      }
      ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(vocabTxt));
      text = StandardCharsets.UTF_8.newDecoder().decode(content).toString();
    } catch (NoSuchFileException e) {
      throw new RealmException.BadInput(vocabTxt + ": no such file; expected a vocab.txt", e);
    } catch (CharacterCodingException e) {
      throw new RealmException.CorruptFile(vocabTxt + ": not UTF-8", e);
    } catch (IOException e) {
      throw new RealmException.BadInput(vocabTxt + ": cannot be read: " + e, e);
    }
    try {
      return new Vocabulary(lines(text));
    } catch (RealmException e) {
      throw new RealmException.CorruptFile(vocabTxt + ": " + e.getMessage(), e);
    }
  }

  /**
   * A vocabulary in memory; the id of a token is its place in the list.
   *
   * @throws RealmException.BadInput for a token that is empty, over 1,000 code units, has a line
   *     break or an unpaired surrogate or comes twice, and for a missing special token
   */
  public static Vocabulary of(List<String> tokens) {
    return new Vocabulary(tokens);
  }

  public int size() {
    return tokens.size();
  }

  /**
   * @throws RealmException.BadInput if {@code id} is not in [0, size)
   */
  public String token(int id) {
    if (id < 0 || id >= tokens.size()) {
      throw new RealmException.BadInput(
          "token id: expected one in [0, " + tokens.size() + "), found " + id);
    }
    return tokens.get(id);
  }

  /** The id of a token, a continuation written with its {@code ##}; -1 if there is none. */
  public int id(String token) {
    return ids.getInt(token);
  }

  public int cls() {
    return cls;
  }

  public int sep() {
    return sep;
  }

  public int mask() {
    return mask;
  }

  public int pad() {
    return pad;
  }

  public int unk() {
    return unk;
  }

  /**
   * Writes a {@code vocab.txt} that {@link #load} reads. It is written beside its place and then
   * renamed, so a reader never sees half of it.
   *
   * @throws RealmException.BadInput if the path cannot be written
   */
  public void write(Path vocabTxt) {
    Path temporary = vocabTxt.resolveSibling(vocabTxt.getFileName() + ".new");
    try {
      Files.writeString(temporary, String.join("\n", tokens) + "\n");
      Files.move(temporary, vocabTxt, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new RealmException.BadInput(vocabTxt + ": cannot be written: " + e, e);
    }
  }

  private static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    // Not String.lines(): a lone CR does not end a line here.
    for (int start = 0; start < text.length(); ) {
      int end = text.indexOf('\n', start);
      int next = end < 0 ? text.length() : end + 1;
      end = end < 0 ? text.length() : end;
      lines.add(text.substring(start, end > start && text.charAt(end - 1) == '\r' ? end - 1 : end));
      start = next;
    }
    return lines;
  }

  private static void check(String token, int id) {
    String where = "line " + (id + 1) + ": ";
    if (token.isEmpty()) {
      throw new RealmException.BadInput(where + "expected a token, found an empty line");
    }
    if (token.length() > MAX_TOKEN_LENGTH) {
      throw new RealmException.BadInput(
          where + "a token of " + token.length() + " characters; the most is " + MAX_TOKEN_LENGTH);
    }
    if (token.indexOf('\n') >= 0 || token.indexOf('\r') >= 0) {
      throw new RealmException.BadInput(where + "a line break inside a token");
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(token)) {
      throw new RealmException.BadInput(where + "a token with an unpaired surrogate");
    }
  }

  private int special(String name) {
    int id = id(name);
    if (id < 0) {
      throw new RealmException.BadInput(
          "special token " + name + " is missing among " + tokens.size() + " tokens");
    }
    return id;
  }
}
