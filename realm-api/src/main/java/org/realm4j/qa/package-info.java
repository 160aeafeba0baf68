/**
 * Open-domain question answering (ORQA, Lee et al. 2019; sections 2.1 and 4.2 of the REALM paper):
 * questions, where their answers stand in passages, fine-tuning, answers, and how they are
 * measured.
 */
@NullMarked
package org.realm4j.qa;

import org.jspecify.annotations.NullMarked;
