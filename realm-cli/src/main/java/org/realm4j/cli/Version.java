package org.realm4j.cli;

import java.lang.module.ModuleDescriptor;
import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    // Only a named module knows its version; on the class path, as in tests, there is none.
    String version =
        Optional.ofNullable(Main.class.getModule().getDescriptor())
            .flatMap(ModuleDescriptor::rawVersion)
            .orElse("development");
    return new String[] {
      "realm4j " + version + ", Java " + Runtime.version() + " on " + System.getProperty("os.arch")
    };
  }
}
