package org.realm4j.cli;

import org.jspecify.annotations.Nullable;

/**
 * Which streams are a terminal. The launcher tells: Java itself knows only whether stdin and stdout
 * both are.
 */
final class Terminal {
  private Terminal() {}

  /** Whether somebody can type. */
  static boolean stdin() {
    return Boolean.getBoolean("realm.terminal.stdin");
  }

  /** Whether progress is drawn for somebody who looks on. */
  static boolean stderr() {
    return Boolean.getBoolean("realm.terminal");
  }

  /** Whether stdout shows colours and the user wants them, as no-color.org asks. */
  static boolean colour() {
    return Boolean.getBoolean("realm.terminal.stdout")
        && isEmpty(System.getenv("NO_COLOR"))
        && !"dumb".equals(System.getenv("TERM"));
  }

  private static boolean isEmpty(@Nullable String text) {
    return text == null || text.isEmpty();
  }
}
