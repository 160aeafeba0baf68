package org.realm4j.qa;

/**
 * What one step of fine-tuning did.
 *
 * @param step from 0
 * @param retrieverLoss mean over the questions of the batch, those without a match counting 0
 * @param readerLoss the same
 * @param questions of the batch
 * @param retrieverMatches questions of which a retrieved passage holds an answer
 * @param readerMatches questions of which a span that is read is an answer
 * @param gradientNorm before clipping; 0 if no question had a match: then nothing was updated
 * @param tokens that went through the reader
 */
public record FineTuningReport(
    long step,
    double retrieverLoss,
    double readerLoss,
    int questions,
    int retrieverMatches,
    int readerMatches,
    double gradientNorm,
    long tokens,
    double seconds) {}
