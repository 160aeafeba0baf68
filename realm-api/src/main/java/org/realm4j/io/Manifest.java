package org.realm4j.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * What a published generation consists of. As a file it is a line of JSON and a line with the
 * CRC32C of that line, so that damage to the manifest itself is found.
 *
 * @param number counts the publications of a folder, from 1
 * @param files sorted by name
 */
record Manifest(long number, List<Content> files) {
  private static final int VERSION = 1;
  private static final int MAX_BYTES = 64 << 20;
  private static final String FOLDER_PREFIX = "generation-";

  /**
   * One file.
   *
   * @param name relative to the generation's folder, with '/' between folders
   */
  record Content(String name, long bytes, int crc32c) {}

  /** The folder that holds the files. */
  String folder() {
    return folder(number);
  }

  static String folder(long number) {
    return FOLDER_PREFIX + number;
  }

  /** The number of a generation's folder, or 0 if the name is none. */
  static long number(String folder) {
    boolean generation = folder.matches(FOLDER_PREFIX + "[1-9]\\d{0,17}");
    return generation ? Long.parseLong(folder.substring(FOLDER_PREFIX.length())) : 0;
  }

  /** 16 bytes in hexadecimal: the number, and a hash of names, lengths and checksums. */
  String id() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] hash = digest.digest(Json.format(filesAsJson()).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().toHexDigits(number) + HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  byte[] toBytes() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("version", VERSION);
    fields.put("number", number);
    fields.put("id", id());
    fields.put("files", filesAsJson());
    String json = Json.format(fields);
    String checksum = hex(crc(json.getBytes(StandardCharsets.UTF_8)));
    return (json + "\n" + checksum + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads a manifest.
   *
   * @throws RealmException.CorruptFile if it is damaged
   * @throws RealmException.Incompatible if a newer version of this library wrote it
   */
  static Manifest read(FileLayer layer, Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = layer.read(file)) {
      bytes = in.readNBytes(MAX_BYTES);
    }
    String where = file.toString();
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.indexOf('\n');
    if (end < 0) {
      throw new RealmException.CorruptFile(where + ": truncated; expected two lines");
    }
    String json = text.substring(0, end);
    String expected = hex(crc(json.getBytes(StandardCharsets.UTF_8))) + "\n";
    if (!text.substring(end + 1).equals(expected)) {
      throw new RealmException.CorruptFile(
          "%s: damaged; expected the checksum %s, found '%s'"
              .formatted(where, expected.strip(), Names.shorten(text.substring(end + 1), 20)));
    }
    return parse(Json.parseObject(json, where));
  }

  private static Manifest parse(JsonObject fields) {
    long version = fields.integer("version");
    if (version != VERSION) {
      throw new RealmException.Incompatible(
          "%s: written in version %d; this library reads version %d"
              .formatted(fields.where(), version, VERSION));
    }
    List<Content> files = new ArrayList<>();
    for (Object item : fields.list("files")) {
      files.add(content(JsonObject.of(item, fields.where() + ": files")));
    }
    Manifest manifest = new Manifest(fields.integer("number"), List.copyOf(files));
    if (manifest.number < 1 || !manifest.id().equals(fields.string("id"))) {
      throw new RealmException.CorruptFile(
          "%s: expected the id %s, found %s"
              .formatted(fields.where(), manifest.id(), fields.string("id")));
    }
    return manifest;
  }

  private static Content content(JsonObject file) {
    String name = file.string("name");
    long bytes = file.integer("bytes");
    String crc = file.string("crc32c");
    boolean inside = !name.isEmpty() && !name.contains("\\") && !name.contains(":");
    for (String step : name.split("/", -1)) {
      inside &= !step.isEmpty() && !step.equals(".") && !step.equals("..");
    }
    if (!inside || bytes < 0 || !crc.matches("[0-9a-f]{8}")) {
      throw new RealmException.CorruptFile(
          "%s: '%s', %d bytes, checksum '%s': not a file of the folder"
              .formatted(file.where(), Names.shorten(name, 100), bytes, Names.shorten(crc, 20)));
    }
    return new Content(name, bytes, Integer.parseUnsignedInt(crc, 16));
  }

  private List<Map<String, Object>> filesAsJson() {
    List<Map<String, Object>> items = new ArrayList<>();
    for (Content file : files) {
      Map<String, Object> item = new LinkedHashMap<>();
      item.put("name", file.name);
      item.put("bytes", file.bytes);
      item.put("crc32c", hex(file.crc32c));
      items.add(item);
    }
    return items;
  }

  /** Reads a file to its end. */
  static Content measure(FileLayer layer, Path file, String name) throws IOException {
    CRC32C crc = new CRC32C();
    long length = 0;
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = layer.read(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        crc.update(buffer, 0, n);
        length += n;
      }
    }
    return new Content(name, length, (int) crc.getValue());
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  static String hex(int crc) {
    return HexFormat.of().toHexDigits(crc);
  }
}
