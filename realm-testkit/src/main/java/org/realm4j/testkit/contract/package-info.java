/**
 * What every backend and every index must do, as tests that an implementation's own test class
 * inherits.
 */
@NullMarked
package org.realm4j.testkit.contract;

import org.jspecify.annotations.NullMarked;
