package org.realm4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.realm4j.io.Json;
import org.realm4j.io.JsonObject;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What {@code realm estimate} knows of a device, from {@code devices.json}.
 *
 * @param memory bytes
 * @param peak operations a second, a multiplication and its addition counted as two
 * @param precision of the products that the peak is for
 * @param bandwidth bytes a second between the device and its memory
 * @param link bytes a second from one device to the next, always assumed
 * @param share of the peak that a step reaches, above 0 to 1
 * @param measured whether peak and share were measured; otherwise the peak is the maker's and the
 *     share assumed
 * @param holdsIndex whether its memory is the host's, which holds the passages' vectors
 * @param storesMasks whether attention's weights and dropout's masks are stored for backward
 */
record EstimateDevice(
    String name,
    String description,
    long memory,
    double peak,
    String precision,
    double bandwidth,
    double link,
    double share,
    boolean measured,
    boolean holdsIndex,
    boolean storesMasks) {
  private static final String FILE = "devices.json";

  /** Operations a second that a step reaches. */
  double rate() {
    return peak * share;
  }

  /** This device with another share, which is then an assumption. */
  EstimateDevice withShare(double assumed) {
    return new EstimateDevice(
        name,
        description,
        memory,
        peak,
        precision,
        bandwidth,
        link,
        assumed,
        false,
        holdsIndex,
        storesMasks);
  }

  static List<String> names() {
    return List.copyOf(all().fields().keySet());
  }

  static EstimateDevice named(String name) {
    JsonObject d = all().object(name);
    return new EstimateDevice(
        name,
        d.string("description"),
        Math.round(d.number("memory")),
        d.number("peak"),
        d.string("precision"),
        d.number("bandwidth"),
        d.number("link"),
        d.number("share"),
        d.bool("measured"),
        d.bool("holds_index"),
        d.bool("stores_masks"));
  }

  private static JsonObject all() {
    try (InputStream in = EstimateDevice.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException(FILE + " is missing from the program");
      }
      return Json.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8), FILE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For {@code --device}. */
  static final class Converter implements ITypeConverter<EstimateDevice> {
    @Override
    public EstimateDevice convert(String name) {
      if (!names().contains(name)) {
        throw new TypeConversionException("expected one of " + names() + ", found '" + name + "'");
      }
      return named(name);
    }
  }
}
