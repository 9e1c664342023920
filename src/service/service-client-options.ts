import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { assertBoolean, assertEndpoint, assertTimeout, toTaskType } from "../role/checks.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import { assertSecurity } from "../role/network.ts";
import { assertIdPrefix } from "../role/peer-identity.ts";
import type { Security } from "../security/security.ts";

/** Longer than a person waits, shorter than most front ends do, in ms. */
const DEFAULT_TIMEOUT = 30_000;

/** In ms. Short, because an open connection keeps an otherwise idle process alive; opening one takes a few ms. */
const DEFAULT_IDLE_TIMEOUT = 1000;

/** Options of a request. */
export interface RequestOptions {
  /**
   * Which workers answer: their task type, or its name.
   * @default the client's `taskType`
   */
  readonly taskType?: TaskType | string;
  /**
   * Longest wait for the reply, in ms, from the call on. `Infinity` waits for ever.
   * @default the client's `timeout`
   */
  readonly timeout?: number;
  /** Aborting this signal rejects the request with the signal's reason, and aborts the `info.signal` of the request's handler. */
  readonly signal?: AbortSignal;
  /**
   * Whether the request may be executed more than once. Such a request goes to another worker when its worker dies, and is sent
   * again when the connection to the service is lost. Any other fails with `REQUEST_LOST` at once.
   * @default the client's `idempotent`
   */
  readonly idempotent?: boolean;
}

/** Options of a list of requests. */
export interface ListRequestOptions extends RequestOptions {
  /**
   * Whether each request of the list may fail by itself. The result is then like that of `Promise.allSettled`.
   * @default false
   */
  readonly settled?: boolean;
}

/** Options of a `ServiceClient`. */
export interface ServiceClientOptions {
  /**
   * The task type, or its name, of requests that name none.
   * @default the blank one
   */
  readonly taskType?: TaskType | string;
  /**
   * Longest wait for a reply, in ms.
   * @default 30000
   */
  readonly timeout?: number;
  /**
   * Whether requests may be executed more than once.
   * @default false
   */
  readonly idempotent?: boolean;
  /**
   * How long the connection stays open without a request, in ms. The next request opens it again. The process does not end by
   * itself while the connection is open. `Infinity` keeps it open until `stop()`.
   * @default 1000
   */
  readonly idleTimeout?: number;
  /**
   * Keys. With them, `tcp` links are encrypted, and the client speaks only to peers with the right keys.
   * @default none
   */
  readonly security?: Security | undefined;
  /**
   * The beginning of the client's id, for logs: up to 64 letters, digits, and `- _ . : @`.
   * @default "": the id begins with the host's name
   */
  readonly idPrefix?: string;
}

const CLIENT_OPTIONS = optionNames<ServiceClientOptions>({
  taskType: true,
  timeout: true,
  idempotent: true,
  idleTimeout: true,
  security: true,
  idPrefix: true,
});

const REQUEST_OPTIONS = optionNames<ListRequestOptions>({
  taskType: true,
  timeout: true,
  signal: true,
  idempotent: true,
  settled: true,
});

export interface ResolvedClientOptions {
  /** What a request has where it does not say otherwise. */
  readonly defaults: Required<Pick<RequestOptions, "timeout" | "idempotent">> & {
    readonly taskType: TaskType;
  };
  readonly idleTimeout: number;
  readonly security: Security | undefined;
  readonly idPrefix: string;
}

/** @throws TypeError or RangeError when the endpoint or an option is wrong. */
export function resolveClientOptions(
  endpoint: EndpointAddress,
  options: ServiceClientOptions,
): ResolvedClientOptions {
  assertKnownOptions("ServiceClient", options, CLIENT_OPTIONS);
  const { timeout = DEFAULT_TIMEOUT, idempotent = false } = options;
  const { idleTimeout = DEFAULT_IDLE_TIMEOUT, security, idPrefix = "" } = options;
  assertEndpoint("endpoint", endpoint);
  const taskType = toTaskType("taskType", options.taskType === undefined ? "" : options.taskType);
  assertBoolean("idempotent", idempotent);
  assertTimeout("timeout", timeout);
  assertTimeout("idleTimeout", idleTimeout);
  assertSecurity("security", security);
  assertIdPrefix("idPrefix", idPrefix);
  return { defaults: { taskType, timeout, idempotent }, idleTimeout, security, idPrefix };
}

/** @throws TypeError or RangeError when an option of a request is wrong. */
export function assertRequestOptions(options: ListRequestOptions): void {
  assertKnownOptions("request()", options, REQUEST_OPTIONS);
  const { taskType, timeout, signal, idempotent, settled } = options;
  if (taskType !== undefined) toTaskType("taskType", taskType);
  if (timeout !== undefined) assertTimeout("timeout", timeout);
  if (idempotent !== undefined) assertBoolean("idempotent", idempotent);
  if (settled !== undefined) assertBoolean("settled", settled);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError("signal must be an AbortSignal");
}
