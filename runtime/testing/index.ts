/**
 * `perdure/testing`: a real runtime on a real journal, whose time is yours.
 */
export {
  createTestRuntime,
  type TestCall,
  type TestRuntime,
  type TestRuntimeOptions,
} from './test-runtime.js'
