package org.realm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.realm4j.io.RealmException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void helpAndVersionGoToStdout() {
    assertEquals(0, realm("--help"));
    assertTrue(out.toString().startsWith("Usage: realm"), out::toString);
    assertEquals(0, realm("--version"));
    assertTrue(out.toString().contains("realm4j "), out::toString);
    assertEquals("", err.toString());
  }

  @Test
  void aSubcommandHasItsOwnHelp() {
    assertEquals(0, failing(new RealmException("not reached"), "fail", "--help"));
    assertTrue(out.toString().startsWith("Usage: realm fail [-h] [--debug]"), out::toString);
    assertFalse(out.toString().contains("launcher"), out::toString);
  }

  @Test
  void wrongUseIsExplainedAndExitsWithTwo() {
    assertEquals(2, realm());
    assertEquals(2, realm("--debg"));
    assertEquals("", out.toString());
    assertTrue(err.toString().contains("Unknown option: '--debg'"), err::toString);
    assertTrue(err.toString().contains("--debug"), err::toString);
  }

  @Test
  void anExpectedFailureIsOneLine() {
    assertEquals(1, failing(new RealmException.CorruptFile("a.idx:\n  too short"), "fail"));
    assertEquals("realm: a.idx: too short", err.toString().strip());
  }

  @Test
  void anUnexpectedFailureIsOneLineWithAHint() {
    assertEquals(1, failing(new IllegalStateException("odd"), "fail"));
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().contains("odd"), err::toString);
    assertTrue(err.toString().contains("--debug"), err::toString);
  }

  @Test
  void errorsOfTheJvmAreOneLineToo() {
    assertEquals(1, failing(new OutOfMemoryError("Java heap space"), "fail"));
    assertEquals(1, failing(new StackOverflowError(), "fail"));
    assertEquals(2, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().contains("out of memory: Java heap space"), err::toString);
  }

  @Test
  void debugShowsTheStackTraceOnEitherSideOfTheCommand() {
    for (String[] args : new String[][] {{"--debug", "fail"}, {"fail", "--debug"}}) {
      err.getBuffer().setLength(0);
      assertEquals(1, failing(new RealmException("odd"), args));
      assertTrue(err.toString().contains("\tat org.realm4j.cli.MainTest"), err::toString);
      assertFalse(err.toString().contains("run again"), err::toString);
    }
  }

  @Command(name = "fail")
  private record Fail(Throwable failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (Exception) failure;
    }
  }

  private int realm(String... args) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), args);
  }

  private int failing(Throwable failure, String... args) {
    var commandLine = new CommandLine(new Main()).addSubcommand(new Fail(failure));
    return Main.execute(commandLine, new PrintWriter(out), new PrintWriter(err), args);
  }
}
