import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { blockFor } from "../../examples/support/block-for.ts";
import {
  type ExecutionInfo,
  Service,
  ServiceClient,
  type ServiceClientOptions,
  type ServiceOptions,
  ServiceWorker,
  TaskType,
} from "../../src/index.ts";
import { address, type ServiceEndpoints } from "./endpoints-of.ts";

const ECHO = TaskType.register("echo");

/** A request, which says what its handler does. */
export interface EchoRequest {
  readonly n: number;
  /** ms for which the handler blocks the event loop. */
  readonly block?: number;
  /** File whose existence ends the block of the event loop. */
  readonly blockUntil?: string;
  /** ms for which the handler waits; it rejects when it is aborted. */
  readonly wait?: number;
  readonly throws?: string;
  /** Ends the process during the request. */
  readonly exit?: boolean;
}

export interface EchoReply {
  readonly n: number;
  readonly pid: number;
  readonly worker: string;
  readonly attempt: number;
  readonly id: string;
}

/** Does what the request says, and returns its process id. Appends each request to a file, if it has one. */
export class EchoWorker extends ServiceWorker<EchoRequest, EchoReply> {
  override readonly taskType: TaskType = ECHO;
  readonly endpoint;
  override readonly concurrency: number;
  readonly name: string;
  readonly #log: string | undefined;
  running = 0;
  mostRunning = 0;
  aborted: number[] = [];

  constructor(
    endpoints: ServiceEndpoints,
    options: { concurrency?: number; name?: string; log?: string } = {},
  ) {
    super();
    this.endpoint = address(endpoints.back);
    this.concurrency = options.concurrency ?? 1;
    this.name = options.name ?? "";
    this.#log = options.log;
  }

  async handleMessage(request: EchoRequest, _type: TaskType, _msgtype: string, info: ExecutionInfo) {
    const { n, block, blockUntil, wait, throws, exit } = request;
    this.#note(`begin ${n}`);
    if (exit === true) process.kill(process.pid, "SIGKILL");
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      if (block !== undefined) blockFor(block);
      while (blockUntil !== undefined && !existsSync(blockUntil)) blockFor(5);
      if (wait !== undefined) await this.#wait(n, wait, info);
    } finally {
      this.running -= 1;
    }
    if (throws !== undefined) throw Object.assign(new RangeError(throws), { code: "ECHO" });
    return { n, pid: process.pid, worker: this.name, attempt: info.attempt, id: info.id };
  }

  async #wait(n: number, ms: number, { signal }: ExecutionInfo): Promise<void> {
    try {
      await sleep(ms, undefined, { signal });
    } catch (error) {
      this.aborted.push(n);
      this.#note(`aborted ${n}`);
      throw error;
    }
  }

  #note(line: string): void {
    if (this.#log !== undefined) appendFileSync(this.#log, `${line}\n`);
  }
}

export function makeService(endpoints: ServiceEndpoints, options: Partial<ServiceOptions> = {}): Service {
  return new Service({
    frontendEndpoint: address(endpoints.front),
    backendEndpoint: address(endpoints.back),
    ...options,
  });
}

export function makeClient(
  endpoints: ServiceEndpoints,
  options: ServiceClientOptions = {},
): ServiceClient<EchoRequest, EchoReply> {
  return new ServiceClient(address(endpoints.front), { taskType: ECHO, timeout: 30_000, ...options });
}
