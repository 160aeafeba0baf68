package org.realm4j.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Finds the salient spans of a text: names and dates. Implementations must be deterministic and
 * safe for use by many threads.
 */
public interface EntityTagger {
  /** The entities of the text in order, none of them empty, no two overlapping. */
  List<Entity> tag(String text);

  /**
   * The tagger that needs no model: English rules for dates and for capitalised names. Where both
   * apply the date wins.
   */
  static EntityTagger builtIn() {
    return text -> {
      List<Entity> entities = new ArrayList<>();
      List<Span> dates = DateTagger.find(text);
      dates.forEach(span -> entities.add(new Entity(span, Entity.Kind.DATE)));
      for (Span span : NameTagger.find(text, dates)) {
        entities.add(new Entity(span, Entity.Kind.NAME));
      }
      entities.sort(Comparator.comparingInt(entity -> entity.span().start()));
      return List.copyOf(entities);
    };
  }
}
