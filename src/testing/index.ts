/**
 * A test kit for pipelines: {@link testPipeline} runs tasks and handlers under simulated faults, in one process and on virtual time. For any test
 * runner.
 *
 * @packageDocumentation
 */
export { DEFAULT_FAULTS, type FaultRates } from "./fault-rates.ts";
export { PipelineTestError } from "./pipeline-test-error.ts";
export type {
  PipelineTestOptions,
  TestedCollector,
  TestedFunction,
  TestedWorker,
} from "./pipeline-test-options.ts";
export type { Finding, FindingKind, FoundItem, PipelineVerdict, TriedFaults } from "./pipeline-verdict.ts";
export { testPipeline } from "./test-pipeline.ts";
