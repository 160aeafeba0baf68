package org.realm4j.testkit.contract;

/**
 * What every backend must do, to be inherited by its test class:
 *
 * <pre>{@code
 * class MyBackendTest implements BackendContract {
 *   @Override
 *   public Backend backend() {
 *     return new MyBackend();
 *   }
 * }
 * }</pre>
 */
public interface BackendContract
    extends OperationContract, GradientContract, UpdateContract, LifecycleContract {}
