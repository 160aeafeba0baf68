package org.realm4j.retrieval;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import org.realm4j.io.RealmException;

/**
 * What a generation of a {@link PassageIndex} consists of.
 *
 * @param segments the names of their folders, in the order of their passages
 */
record IndexManifest(IndexSettings settings, List<String> segments) {
  static final String FILE = "index.json";

  /** 1 was a folder with vectors alone. */
  private static final int FORMAT = 2;

  void write(Path folder) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("format", FORMAT);
    fields.put("model", settings.model());
    fields.put("dimension", settings.dimension());
    fields.put("limit", settings.limit());
    fields.put("kind", settings.kind());
    fields.put("options", new TreeMap<>(settings.options()));
    fields.put("segments", segments);
    Json.write(folder.resolve(FILE), fields);
  }

  /**
   * @throws RealmException.Incompatible if another release wrote it
   * @throws RealmException.CorruptFile if it is damaged
   */
  static IndexManifest read(Path folder) {
    JsonObject fields = Json.parseObject(folder.resolve(FILE));
    if (fields.integer("format") != FORMAT) {
      throw new RealmException.Incompatible(
          "%s: format: this version reads %d, found %d: build the index again"
              .formatted(fields.where(), FORMAT, fields.integer("format")));
    }
    JsonObject options = fields.object("options");
    Map<String, String> texts = new TreeMap<>();
    options.fields().keySet().forEach(key -> texts.put(key, options.string(key)));
    List<String> segments = new ArrayList<>();
    for (Object name : fields.list("segments")) {
      if (!(name instanceof String text) || !text.matches("segment-[1-9][0-9]{0,8}")) {
        throw new RealmException.CorruptFile(
            "%s: segments: expected names such as segment-1, found '%s'"
                .formatted(fields.where(), name));
      }
      segments.add(text);
    }
    int dimension = fields.int32("dimension");
    if (dimension < 1) {
      throw new RealmException.CorruptFile(
          "%s: dimension: expected at least 1, found %d".formatted(fields.where(), dimension));
    }
    return new IndexManifest(
        new IndexSettings(
            fields.string("model"), dimension, fields.int32("limit"), fields.string("kind"), texts),
        segments);
  }
}
