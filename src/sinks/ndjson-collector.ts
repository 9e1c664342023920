import type { CollectionInfo } from "../collector/collected-result.ts";
import { Collector } from "../collector/collector.ts";
import type { CollectorSummary } from "../collector/collector-summary.ts";
import type { Failure } from "../collector/failure.ts";
import { RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { assertEndpoint } from "../role/checks.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import { type NetworkOptions, NO_ENDPOINT, type ResolvedNetwork, resolveNetwork } from "../role/network.ts";
import type { RunOptions } from "../role/role.ts";
import type { Security } from "../security/security.ts";
import { atCaller } from "../self/at-caller.ts";
import { NdjsonFile } from "./ndjson-file.ts";

/** The options of an {@link NdjsonCollector}. */
export interface NdjsonCollectorOptions extends NetworkOptions {
  /**
   * The file for results. Each is one line: `{"id":…,"taskType":…,"data":{…}}`. The result of an item that had failed for good before has its
   * `generation` after the id.
   */
  readonly path: string;
  /**
   * The file for items that failed for good: `{"id":…,"taskType":…,"data":{…},"error":{…},"attempts":…}`. When such an item is executed again
   * (`retryFailed`), its line is removed at the end of the run: a result has taken its place, or a later failure with the same id and its
   * `generation`.
   * @default none: failures are logged
   */
  readonly failuresPath?: string;
  /**
   * The endpoint to which workers deliver results, and the distributor failed items.
   * @default none: a `Pipeline` has endpoints of its own
   */
  readonly endpoint?: EndpointAddress;
  /**
   * The endpoint from which the distributor gets the ACKs.
   * @default none: a `Pipeline` has endpoints of its own
   */
  readonly ackEndpoint?: EndpointAddress;
}

const OPTIONS = optionNames<NdjsonCollectorOptions>({
  path: true,
  failuresPath: true,
  endpoint: true,
  ackEndpoint: true,
  security: true,
  allowInsecure: true,
  maxConnections: true,
});

/**
 * Writes results into a file of JSON lines. An item is ACKed when the operating system has its line. A collector that is started again with
 * the same file reads which items have a line, so each item has exactly one, however often collectors are killed. This does not hold when
 * the machine loses power: the file is flushed to the disk only at the end of the run.
 *
 * @example
 * ```ts
 * const collector = new NdjsonCollector({ path: "results.ndjson", endpoint: COLLECTOR, ackEndpoint: COLLECTOR_ACK });
 * await collector.run();
 * ```
 */
export class NdjsonCollector<Result = Payload> extends Collector<Result> {
  readonly endpoint: EndpointAddress;
  readonly ackEndpoint: EndpointAddress;
  override readonly security: Security | undefined;
  override readonly allowInsecure: boolean;
  override readonly maxConnections: number;
  readonly #paths: Pick<NdjsonCollectorOptions, "path" | "failuresPath">;
  readonly #log = new RoleLog("collector");
  #results: NdjsonFile | undefined;
  #failures: NdjsonFile | undefined;
  /** Whether failures in the file have been superseded by results, or by later failures. */
  #isSuperseded = false;

  /** Opens no file before `run()`. @throws TypeError, RangeError when an option is missing or wrong. */
  constructor(options: NdjsonCollectorOptions) {
    super();
    const network = atCaller(NdjsonCollector, () => checkedNetwork(options));
    const { path, failuresPath, endpoint = NO_ENDPOINT, ackEndpoint = NO_ENDPOINT } = options;
    this.#paths = failuresPath === undefined ? { path } : { path, failuresPath };
    this.endpoint = endpoint;
    this.ackEndpoint = ackEndpoint;
    this.security = network.security;
    this.allowInsecure = network.allowInsecure;
    this.maxConnections = network.maxConnections;
  }

  /** @throws The file system's error when a file cannot be opened. */
  override async run(options: RunOptions = {}): Promise<CollectorSummary> {
    const { path, failuresPath } = this.#paths;
    const results = new NdjsonFile(path);
    this.#results = results;
    this.#isSuperseded = false;
    try {
      if (failuresPath !== undefined)
        this.#failures = new NdjsonFile(failuresPath, true, (item) => {
          if (item.generation > 0 || results.has(item)) this.#isSuperseded = true;
        });
      return await super.run(options);
    } finally {
      results.close();
      this.#closeFailures();
    }
  }

  handleCollection(
    data: Result,
    { name }: TaskType,
    _msgtype: MessageType,
    { id, generation }: CollectionInfo,
  ): undefined {
    const item = this.#results?.add(id, { taskType: name, data }, generation);
    if (generation > 0 || (item !== undefined && this.#failures?.has(item))) this.#isSuperseded = true;
  }

  override handleFailure(failure: Failure<unknown>, taskType: TaskType): void {
    const { id, generation, data, error, attempts } = failure;
    if (this.#failures === undefined) return void super.handleFailure(failure, taskType);
    this.#failures.add(id, { taskType: taskType.name, data, error, attempts }, generation);
    if (generation > 0) this.#isSuperseded = true;
  }

  override handleFinished(): void {
    this.#results?.flush();
    this.#failures?.flush();
  }

  /** Closes the file of failures, with only those that still hold. */
  #closeFailures(): void {
    const [failures, results] = [this.#failures, this.#results];
    if (failures === undefined || results === undefined) return;
    if (!this.#isSuperseded) return failures.close();
    try {
      failures.closeWith((item) => !results.has(item) && !failures.hasLater(item));
    } catch (error) {
      const problem = describeThrown(error);
      const text =
        "failures that were executed again stay in the file of failures, which cannot be written anew";
      this.#log.warn(text, { path: this.#paths.failuresPath, problem });
    }
  }
}

/** @throws TypeError, RangeError when an option is missing or wrong. */
function checkedNetwork(options: NdjsonCollectorOptions): ResolvedNetwork {
  assertKnownOptions("NdjsonCollector", options, OPTIONS);
  const { path, failuresPath, endpoint, ackEndpoint } = options;
  assertPath("path", path);
  if (failuresPath !== undefined) assertPath("failuresPath", failuresPath);
  if (endpoint !== undefined) assertEndpoint("endpoint", endpoint);
  if (ackEndpoint !== undefined) assertEndpoint("ackEndpoint", ackEndpoint);
  return resolveNetwork(options);
}

function assertPath(name: string, path: unknown): void {
  if (typeof path !== "string" || path === "") throw new TypeError(`${name} must be the path of a file`);
}
