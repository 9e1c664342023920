import type { DistributorCoreOptions } from "../core/distributor/distributor-port.ts";
import { DEFAULT_MAX_WINDOW, DEFAULT_WINDOW_BYTES, DEFAULT_WINDOW_TIME } from "../core/window.ts";
import { type JournalOptions, resolveJournalOptions } from "../journal/journal-options.ts";
import { MAX_WINDOW } from "../protocol/bounds.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { assertBoolean, assertCount, assertEndpoint, assertTimeout } from "../role/checks.ts";
import { assertKnownOptions, describeKind, optionNames } from "../role/known-options.ts";
import { type NetworkOptions, type ResolvedNetwork, resolveNetwork } from "../role/network.ts";
import { DEFAULT_PEER_TIMEOUT } from "../role/role.ts";

export interface DistributorOptions extends NetworkOptions {
  /** The collector's `endpoint`. */
  readonly collectorEndpoint: EndpointAddress;
  /** The collector's `ackEndpoint`. */
  readonly collectorAckEndpoint: EndpointAddress;
  /**
   * Wait for a `MetaDataWorker` before anything else.
   * @default true with `metadataEndpoint`, otherwise false
   */
  readonly receiveMetadata?: boolean;
  /** Where to listen for it; required with `receiveMetadata`. */
  readonly metadataEndpoint?: EndpointAddress;
  /**
   * Items that may fail for good before the run is given up with `TOO_MANY_FAILURES`.
   * @default Infinity
   */
  readonly maxFailures?: number;
  /**
   * Workers that one item may cost before it is given up: counted only while it was the only item its worker had, and not those that
   * come back.
   * @default 3
   */
  readonly crashLimit?: number;
  /**
   * Workers that a task waits for before its first item. The run can end before a worker that starts slowly has joined; with
   * this, all that you start take part from the beginning. Later on, any number will do.
   * @default 1
   */
  readonly minWorkers?: number;
  /**
   * Longest wait for a peer that the run cannot go on without, in ms: the metadata, the collector, a worker for each task that
   * could run. `Infinity` waits for ever.
   * @default 60000
   */
  readonly peerTimeout?: number;
  /**
   * Most items that one worker holds. The window itself adapts to what is measured; this caps it. 1 sends one item at a time.
   * @default 8192
   */
  readonly maxWindow?: number;
  /**
   * Most bytes of items, or of results, that one worker holds.
   * @default 16777216
   */
  readonly windowBytes?: number;
  /**
   * Work that one worker should hold, in ms of its own time, as far as `maxWindow` and `windowBytes` allow. Less is repeated when a
   * worker dies, and balances finer; more lets workers look at the network less often.
   * @default 300
   */
  readonly windowTime?: number;
  /**
   * From which workers the collector takes the result of an item: `"any"` worker of the run, or only one that the item was given to
   * (`"assigned"`). Then results that a worker has no business with are refused, whoever its keys admit; `docs/security.md` says what that costs.
   * @default "any"
   */
  readonly trust?: "any" | "assigned";
  /**
   * Longest wait for workers and collector to confirm that they have heard of the end, in ms.
   * @default 5000
   */
  readonly endTimeout?: number;
  /**
   * A file that keeps the run's ledger, so that a run that was killed or stopped goes on where it was: its path, or more options.
   * `docs/delivery.md` says what is promised.
   * @default none
   */
  readonly journal?: string | JournalOptions;
}

/** How long the distributor waits for END to be confirmed, in ms: a worker may be busy with what is settled elsewhere. */
const END_TIMEOUT = 5000;

export type ResolvedDistributorOptions = Omit<
  DistributorCoreOptions,
  "runId" | "peerId" | "linkId" | "context" | "newTicket"
> &
  Pick<DistributorOptions, "collectorEndpoint" | "collectorAckEndpoint"> & {
    readonly metadataEndpoint: EndpointAddress | undefined;
    readonly journal: Required<JournalOptions> | undefined;
    readonly network: ResolvedNetwork;
  };

const OPTIONS = optionNames<DistributorOptions>({
  collectorEndpoint: true,
  collectorAckEndpoint: true,
  receiveMetadata: true,
  metadataEndpoint: true,
  maxFailures: true,
  crashLimit: true,
  minWorkers: true,
  peerTimeout: true,
  maxWindow: true,
  windowBytes: true,
  windowTime: true,
  endTimeout: true,
  trust: true,
  journal: true,
  security: true,
  allowInsecure: true,
  maxConnections: true,
});

const JOURNAL_OPTIONS = optionNames<JournalOptions>({
  path: true,
  durability: true,
  retryFailed: true,
  keep: true,
});

/** @throws TypeError, RangeError when the option `journal` is wrong. */
export function assertJournal(journal: unknown): void {
  if (journal === undefined) return;
  if (typeof journal !== "string") assertKnownOptions("journal", journal, JOURNAL_OPTIONS);
  resolveJournalOptions(journal as string | JournalOptions);
}

function assertTrust(trust: unknown): void {
  if (trust === "any" || trust === "assigned") return;
  const kind = typeof trust === "string" ? JSON.stringify(trust) : describeKind(trust);
  throw new TypeError(`trust must be "any" or "assigned", not ${kind}`);
}

/** @throws TypeError when an endpoint is missing or is none. @throws RangeError when a number is out of range. */
export function resolveDistributorOptions(options: DistributorOptions): ResolvedDistributorOptions {
  assertKnownOptions("Distributor", options, OPTIONS);
  assertJournal(options.journal);
  const { metadataEndpoint, receiveMetadata = metadataEndpoint !== undefined } = options;
  assertBoolean("receiveMetadata", receiveMetadata);
  assertEndpoint("collectorEndpoint", options.collectorEndpoint);
  assertEndpoint("collectorAckEndpoint", options.collectorAckEndpoint);
  if (receiveMetadata || metadataEndpoint !== undefined) assertEndpoint("metadataEndpoint", metadataEndpoint);
  const resolved = {
    collectorEndpoint: options.collectorEndpoint,
    collectorAckEndpoint: options.collectorAckEndpoint,
    metadataEndpoint: receiveMetadata ? metadataEndpoint : undefined,
    maxFailures: options.maxFailures ?? Number.POSITIVE_INFINITY,
    crashLimit: options.crashLimit ?? 3,
    minWorkers: options.minWorkers ?? 1,
    peerTimeoutMs: options.peerTimeout ?? DEFAULT_PEER_TIMEOUT,
    endTimeoutMs: options.endTimeout ?? END_TIMEOUT,
    trust: options.trust ?? "any",
    maxWindow: options.maxWindow ?? DEFAULT_MAX_WINDOW,
    windowBytes: options.windowBytes ?? DEFAULT_WINDOW_BYTES,
    windowTimeMs: options.windowTime ?? DEFAULT_WINDOW_TIME,
    network: resolveNetwork(options),
    journal: options.journal === undefined ? undefined : resolveJournalOptions(options.journal),
  };
  assertTimeout("peerTimeout", resolved.peerTimeoutMs);
  assertTimeout("endTimeout", resolved.endTimeoutMs);
  assertTrust(resolved.trust);
  assertCount("maxFailures", resolved.maxFailures, 0);
  assertCount("crashLimit", resolved.crashLimit, 1);
  assertCount("minWorkers", resolved.minWorkers, 1);
  assertCount("maxWindow", resolved.maxWindow, 1, MAX_WINDOW);
  assertCount("windowBytes", resolved.windowBytes, 1);
  assertCount("windowTime", resolved.windowTimeMs, 1);
  return resolved;
}
