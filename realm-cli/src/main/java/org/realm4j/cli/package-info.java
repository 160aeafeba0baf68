/**
 * The {@code realm} command: {@link org.realm4j.cli.Main} and one small class for each subcommand.
 */
package org.realm4j.cli;
