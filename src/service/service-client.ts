import { setMaxListeners } from "node:events";
import { PipelineError } from "../errors.ts";
import { settlesWithin } from "../executor/settles-within.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { encodeValue, type Payload } from "../protocol/payload/payload.ts";
import { asError } from "../protocol/thrown.ts";
import { assertArgumentCount } from "../role/known-options.ts";
import { makePeerId } from "../role/peer-identity.ts";
import { assertStopOptions, type StopOptions } from "../role/role.ts";
import { Slices } from "../role/slices.ts";
import { atCaller } from "../self/at-caller.ts";
import { currentTracer } from "../tracing/tracer.ts";
import { ClientConnection } from "./client-connection.ts";
import { requestAll, requestAllSettled } from "./request-list.ts";
import { replyOf } from "./request-outcome.ts";
import { isRequestList, type RequestList } from "./request-source.ts";
import {
  assertRequestOptions,
  type ListRequestOptions,
  type RequestOptions,
  type ResolvedClientOptions,
  resolveClientOptions,
  type ServiceClientOptions,
} from "./service-client-options.ts";

/** In ms. */
const DEFAULT_STOP_TIMEOUT = 5000;

/** The options of a request without any: they need no check. */
const NO_OPTIONS: ListRequestOptions = {};

/**
 * Sends requests to a service, any number at a time. The constructor opens nothing. The first request connects, and waits for the
 * service if need be.
 *
 * @typeParam Data - What workers get: any value that can be sent.
 * @typeParam Result - What they return.
 *
 * @example
 * ```ts
 * const client = new ServiceClient<{ message: string }, { message: string }>(FRONT, { taskType: UPPER });
 * const { message } = await client.request({ message: "hello" });
 * const replies = await client.request([{ message: "a" }, { message: "b" }]); // over the workers, replies in order
 * ```
 */
export class ServiceClient<Data = Payload, Result = Payload> implements AsyncDisposable {
  /** The client's id, with which the `info.id` of its requests begins. No other client has it. */
  readonly clientId: string;
  readonly #endpoint: EndpointAddress;
  readonly #defaults: ResolvedClientOptions["defaults"];
  readonly #connection: ClientConnection;
  readonly #replies = new Slices();
  /** How many requests, and lists of requests, are under way. */
  #active = 0;
  #idle: (() => void) | undefined;
  #stopping: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param endpoint - The service's `frontendEndpoint`.
   * @throws TypeError or RangeError when an option is wrong.
   */
  constructor(endpoint: EndpointAddress, options?: ServiceClientOptions);
  constructor(endpoint: EndpointAddress, options: ServiceClientOptions = {}, ...more: readonly unknown[]) {
    const { defaults, idleTimeout, security, idPrefix } = atCaller(ServiceClient, () => {
      assertArgumentCount("new ServiceClient()", [endpoint, options, ...more], 2);
      return resolveClientOptions(endpoint, options);
    });
    this.clientId = makePeerId(idPrefix);
    this.#endpoint = endpoint;
    this.#defaults = defaults;
    this.#connection = new ClientConnection(this.clientId, endpoint, idleTimeout, security);
  }

  /**
   * Sends the requests of a list to all workers at once. The list is an array, or any iterable, which is pulled as replies arrive.
   * The first failure fails the whole list; the error's `index` is the position of its request. With `settled`, each request fails by
   * itself.
   *
   * @returns The replies in the order of the list.
   */
  request(
    list: object & (Iterable<Data> | AsyncIterable<Data>),
    options: ListRequestOptions & { readonly settled: true },
  ): Promise<PromiseSettledResult<Result>[]>;
  request(
    list: object & (Iterable<Data> | AsyncIterable<Data>),
    options?: ListRequestOptions,
  ): Promise<Result[]>;
  /**
   * Sends one request.
   *
   * @param data - Any value that can be sent, but no list: that of an array is `[array]`.
   * @returns What the worker's handler returned.
   * @throws RemoteError when the handler threw.
   * @throws PipelineError `REQUEST_TIMEOUT`, `REQUEST_LOST`, `NO_WORKER`, `SERVICE_BUSY` and others: see the docs of errors.
   * @throws TypeError when the data cannot be sent. The signal's reason when `signal` is aborted.
   */
  request(data: Data, options?: RequestOptions): Promise<Result>;
  request(
    data: Data | RequestList<Data>,
    options: ListRequestOptions = NO_OPTIONS,
    ...more: readonly unknown[]
  ): Promise<unknown> {
    try {
      atCaller(ServiceClient.prototype.request, () => {
        if (options !== NO_OPTIONS) assertRequestOptions(options);
        if (more.length > 0) assertArgumentCount("request()", [data, options, ...more], 2);
      });
      if (this.#stopping !== undefined) throw this.#stopped();
    } catch (error) {
      return Promise.reject(error);
    }
    return isRequestList<Data>(data) ? this.#list(data, options) : this.#send(data, "request", options);
  }

  /**
   * Takes no more requests, waits for the replies that are under way, and closes the connection.
   *
   * @param options - `timeout`: longest wait, in ms, 5000 by default. Requests that are left then fail with `CLIENT_STOPPED`.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    atCaller(ServiceClient.prototype.stop, () => assertStopOptions(options));
    const { timeout = DEFAULT_STOP_TIMEOUT } = options;
    this.#stopping ??= this.#stop(timeout);
    await this.#stopping;
  }

  /** Stops the client, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(timeoutMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    this.#ended(0);
    await settlesWithin(idle, timeoutMs);
    this.#isClosed = true;
    this.#connection.failAll("CLIENT_STOPPED", "The client was stopped before the reply arrived");
    await this.#connection.close();
  }

  async #list(list: RequestList<Data>, options: ListRequestOptions): Promise<unknown> {
    const send = (data: Data, index: number, signal = options.signal) =>
      this.#send(data, `request[${index}]`, signal === undefined ? options : { ...options, signal });
    this.#active += 1;
    try {
      return options.settled === true
        ? await requestAllSettled(list, (data, index) => send(data, index))
        : await requestAll(list, options.signal, send);
    } finally {
      this.#ended();
    }
  }

  #send(data: Data, path: string, options: RequestOptions): Promise<Result> {
    const { timeout = this.#defaults.timeout } = options;
    const taskType = String(options.taskType ?? this.#defaults.taskType);
    const { idempotent = this.#defaults.idempotent, signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw signal.reason;
      if (this.#isClosed) throw this.#stopped();
      const facts = { role: "serviceclient", endpoint: this.#endpoint.address, taskType };
      if (data === undefined) throw new TypeError(`Expected a value as ${path}, got undefined`);
      const payload = encodeValue(data, path);
      const span = currentTracer()?.begin({
        kind: "request",
        taskType,
        id: "",
        attempt: 0,
        parent: "",
      });
      const pending = this.#connection.request({
        taskType,
        payload,
        idempotent,
        timeoutMs: timeout,
        context: span?.context ?? "",
        settle: (outcome) => {
          signal?.removeEventListener("abort", abort);
          // A message may have hundreds of replies that each take some ms to decode.
          this.#replies.run(() => {
            this.#ended();
            try {
              resolve(replyOf(outcome, facts) as Result);
              span?.end();
            } catch (error) {
              reject(error);
              span?.end(asError(error));
            }
          });
        },
      });
      this.#active += 1;
      const abort = () => {
        this.#ended();
        this.#connection.cancel(pending);
        reject(signal?.reason);
        span?.end(asError(signal?.reason));
      };
      if (signal === undefined) return;
      setMaxListeners(0, signal); // one listener for each request is no leak
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  #ended(count = 1): void {
    this.#active -= count;
    if (this.#active === 0) this.#idle?.();
  }

  #stopped(): PipelineError {
    const facts = { role: "serviceclient", endpoint: this.#endpoint.address };
    return new PipelineError("CLIENT_STOPPED", "The client was stopped; create a new one", facts);
  }
}
