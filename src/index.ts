/**
 * Spreads batches of work over threads, processes and machines: a `Distributor` gives the items of its `Task`s to workers, and a `Collector`
 * receives every result. A `Service` answers single requests in the same way.
 *
 * @packageDocumentation
 */

export { BatchCollector } from "./collector/batch-collector.ts";
export type { CollectedResult, CollectionInfo } from "./collector/collected-result.ts";
export { Collector } from "./collector/collector.ts";
export type { CollectorSummary } from "./collector/collector-summary.ts";
export type { Failure } from "./collector/failure.ts";
export type { RetryOptions } from "./core/distributor/retry-policy.ts";
export type { Explanation } from "./core/explanation.ts";
export { Distributor } from "./distributor/distributor.ts";
export type { DistributorOptions } from "./distributor/distributor-options.ts";
export type { AckOrigin } from "./distributor/latest-ack.ts";
export type { RunReport, WorkerReport } from "./distributor/run-report.ts";
export type {
  RunningItem,
  RunProgress,
  RunSummary,
  TaskProgress,
  TaskSummary,
  UnreliableWorker,
} from "./distributor/run-summary.ts";
export { Task, type TaskPosition } from "./distributor/task.ts";
export type { TaskPace } from "./distributor/task-pace.ts";
export { ERROR_CODES, type ErrorCode, type ErrorFacts, PipelineError } from "./errors.ts";
export type { ExecutionInfo } from "./executor/execution-info.ts";
export { Inspector, type InspectorOptions } from "./inspector/inspector.ts";
export type { Durability, JournalOptions } from "./journal/journal-options.ts";
export {
  type JournalContent,
  type JournalFailure,
  type JournalTask,
  readJournal,
} from "./journal/read-journal.ts";
export { configureLogging } from "./logging/configure-logging.ts";
export { getLogger } from "./logging/get-logger.ts";
export type {
  FilterConfig,
  FormatterConfig,
  HandlerConfig,
  LevelName,
  LoggerConfig,
  LoggingConfig,
  RootLoggerConfig,
} from "./logging/logging-config.ts";
export { MetaDataWorker } from "./metadata/meta-data-worker.ts";
export { prometheusText } from "./metrics/prometheus-text.ts";
export {
  type DefinedPipeline,
  defineCollector,
  definePipeline,
  defineTask,
  defineWorker,
} from "./pipeline/define.ts";
export type { DefinedWorker } from "./pipeline/define-types.ts";
export type { InspectOptions } from "./pipeline/inspect-workers.ts";
export { map } from "./pipeline/map.ts";
export type { MapResults } from "./pipeline/map-iterator.ts";
export type {
  MapExecOptions,
  MapOptions,
  MapProgramOptions,
  MapProgress,
  MapResult,
} from "./pipeline/map-options.ts";
export type { MappedResult, WorkerInput, WorkerMetadata, WorkerResult } from "./pipeline/module-types.ts";
export { Pipeline } from "./pipeline/pipeline.ts";
export type {
  CollectFunction,
  CommandWorkers,
  EarlierCollectFunction,
  ExecWorkers,
  ModuleWorkers,
  OutputSource,
  PipelineOptions,
  PipelineReports,
  TaskDefinition,
  WorkerDefinition,
} from "./pipeline/pipeline-options.ts";
export { createPool, Pool } from "./pipeline/pool.ts";
export type {
  PoolMapOptions,
  PoolOptions,
  PoolProgramOptions,
  PoolRunOptions,
} from "./pipeline/pool-options.ts";
export type { ProgramCommand } from "./pipeline/program-command.ts";
export {
  EndpointAddress,
  type EndpointAddressOptions,
  type EndpointScheme,
} from "./protocol/endpoint-address.ts";
export type { ThrownError } from "./protocol/error-info.ts";
export { MessageType } from "./protocol/message-type.ts";
export type { Payload } from "./protocol/payload/payload.ts";
export { TaskType } from "./protocol/task-type.ts";
export type { Awaitable, Maybe } from "./role/awaitable.ts";
export type { ProcessReport } from "./role/inspection.ts";
export { isMain } from "./role/is-main.ts";
export type { NetworkOptions } from "./role/network.ts";
export { RemoteError } from "./role/remote-error.ts";
export type { RunOptions, StopOptions } from "./role/role.ts";
export type { KeyRole } from "./security/key-role.ts";
export { Security } from "./security/security.ts";
export { Service } from "./service/service.ts";
export { ServiceClient } from "./service/service-client.ts";
export type {
  ListRequestOptions,
  RequestOptions,
  ServiceClientOptions,
} from "./service/service-client-options.ts";
export type { ServiceOptions } from "./service/service-options.ts";
export type { ServiceReport, ServiceWorkerReport } from "./service/service-report.ts";
export type { ServiceStatus, ServiceSummary, ServiceTypeStatus } from "./service/service-summary.ts";
export { ServiceWorker } from "./service/service-worker.ts";
export type { ServiceWorkerSummary } from "./service/service-worker-summary.ts";
export { NdjsonCollector, type NdjsonCollectorOptions } from "./sinks/ndjson-collector.ts";
export { PostgresCollector } from "./sinks/postgres-collector.ts";
export type { PostgresCollectorOptions, SqlClient } from "./sinks/postgres-options.ts";
export { MultiThreadedWorker } from "./worker/multi-threaded-worker.ts";
export { SingleThreadedWorker } from "./worker/single-threaded-worker.ts";
export type { WorkerSummary } from "./worker/worker-summary.ts";
