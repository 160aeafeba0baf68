package org.realm4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Numbers of options, each within its bounds: anything else is wrong use. */
final class Numbers {
  private Numbers() {}

  /** A whole number of at least 1. */
  static final class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return atLeast(1, value);
    }
  }

  /** A whole number of at least 0. */
  static final class NotNegative implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return atLeast(0, value);
    }
  }

  /** A finite number above 0. */
  static final class PositiveReal implements ITypeConverter<Float> {
    @Override
    public Float convert(String value) {
      try {
        float number = Float.parseFloat(value);
        if (number > 0 && Float.isFinite(number)) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Told below, like a number that is out of range.
      }
      throw new TypeConversionException("expected a number above 0, found '" + value + "'");
    }
  }

  /** A number from 0 to 1. */
  static final class Probability implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      try {
        double number = Double.parseDouble(value);
        if (number >= 0 && number <= 1) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Told below, like a number that is out of range.
      }
      throw new TypeConversionException("expected a number from 0 to 1, found '" + value + "'");
    }
  }

  private static int atLeast(int least, String value) {
    try {
      int number = Integer.parseInt(value);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, like a number that is out of range.
    }
    throw new TypeConversionException(
        "expected a whole number of at least " + least + ", found '" + value + "'");
  }
}
