/**
 * Open-domain question answering (sections 2.1 and 4.2 of the REALM paper): questions, answers, how
 * they are found in passages, and how predictions are measured.
 */
@NullMarked
package org.realm4j.qa;

import org.jspecify.annotations.NullMarked;
