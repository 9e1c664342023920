import type { PipelineError } from "../errors.ts";
import { RoleLog } from "../logging/logger.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { TaskType } from "../protocol/task-type.ts";
import { assertMayRun, permit } from "../self/nesting.ts";
import { placesOf, Service } from "../service/service.ts";
import { ServiceClient } from "../service/service-client.ts";
import { assertDescriptors } from "./descriptor-check.ts";
import { definitionOf, type InputWorker } from "./input-worker.ts";
import { LineWriter } from "./line-writer.ts";
import { LocalEndpoints } from "./local-endpoints.ts";
import { assertModules } from "./module-files.ts";
import { ownInstance } from "./own-instance.ts";
import type { PoolOptions } from "./pool-options.ts";
import { resolveRestarts, resolveWorkers, slotsOf } from "./resolve-workers.ts";
import { RunFolder } from "./run-folder.ts";
import { WorkerFleet } from "./worker-fleet.ts";

/** How long workers may take to end after the pool was closed, in ms. */
const END_MS = 3000;

/** How often the pool looks at the workers that have joined, in ms. */
const LOOK_MS = 50;

export interface PoolRunEvents {
  /** The pool can work no more. */
  failed(error: unknown): void;
  /** `slots` has changed. */
  changed(): void;
  /** Whether inputs wait for a worker. */
  hasWaiting(): boolean;
}

/** A service in this process whose workers are processes that a fleet keeps alive, and a client of it. */
export class PoolRun {
  readonly #options: PoolOptions;
  readonly #plans: ReturnType<typeof resolveWorkers>;
  readonly #log = new RoleLog("worker");
  readonly #events: PoolRunEvents;
  /** How many inputs all workers execute at once. */
  #slots: number;
  readonly #began: Promise<ServiceClient<object, { value?: unknown }>>;
  #end: () => Promise<void> = async () => {};

  constructor(worker: InputWorker, options: PoolOptions, events: PoolRunEvents) {
    assertMayRun();
    this.#options = options;
    this.#events = events;
    const { inspectWorkers = false, restarts } = options;
    const workers = definitionOf(worker, options, TaskType.register("pool"));
    const given = restarts === undefined ? {} : { restarts };
    const plans = resolveWorkers({ workers, inspectWorkers, ...given }, []).map(ownInstance);
    this.#plans = options.listen === undefined ? plans : [];
    this.#slots = this.#fewestSlots;
    this.#began = this.#begin();
    this.#began.catch(events.failed);
  }

  /** How many inputs all workers execute at once; 1 while there is no worker. */
  get slots(): number {
    return this.#slots;
  }

  /** The slots of the workers that the pool starts. Their programs may say later that they have more. */
  get #fewestSlots(): number {
    return Math.max(slotsOf(this.#plans), 1);
  }

  /** @returns The function's result. @throws The errors of `ServiceClient.request()`. */
  async request(value: unknown, signal: AbortSignal): Promise<unknown> {
    const client = await this.#began;
    // The name of the input in errors.
    const reply = await client.request({ index: 0, value }, { signal });
    return reply.value;
  }

  /** Ends the workers. Resolves when nothing of the pool is left. Never rejects. */
  async close(): Promise<void> {
    await this.#began.catch(() => undefined); // the pool has that error already
    await this.#end();
  }

  async #begin(): Promise<ServiceClient<object, { value?: unknown }>> {
    assertModules(this.#plans);
    assertDescriptors(this.#plans.reduce((sum, { count }) => sum + count, 0));
    const folder = await RunFolder.make();
    const endpoints = await LocalEndpoints.make(folder.path);
    const { listen, security, allowInsecure = false } = this.#options;
    const [frontendEndpoint, backendEndpoint] = [endpoints.ack, endpointOf(listen) ?? endpoints.task];
    const network = { security, allowInsecure };
    await folder.announce(backendEndpoint);
    const service = permit(
      new Service({ frontendEndpoint, backendEndpoint, workerTimeout: Number.POSITIVE_INFINITY, ...network }),
    );
    const isFixed = listen === undefined && this.#plans.every(({ program }) => program === undefined);
    const looking = isFixed ? undefined : setInterval(() => this.#count(service), LOOK_MS);
    const running = service.run().catch((error: unknown) => this.#events.failed(error));
    const lines = new LineWriter(process.stderr, ({ message }) =>
      this.#log.write("warn", "the output of workers cannot be written to stderr", { message }),
    );
    const fleet = this.#startWorkers(backendEndpoint.address, lines);
    const client = new ServiceClient<object, { value?: unknown }>(frontendEndpoint, {
      idempotent: this.#options.idempotent ?? true,
      timeout: Number.POSITIVE_INFINITY,
    });
    this.#end = async () => {
      await client.stop({ timeout: 0 });
      await Promise.all([service.stop({ timeout: 0 }), fleet.end(END_MS)]);
      await running;
      clearInterval(looking);
      lines.close();
      await folder.remove();
    };
    return client;
  }

  /** Looks how many inputs the workers execute at a time: those that have joined, and programs that have said it. */
  #count(service: Service): void {
    const slots = Math.max(service[placesOf](""), this.#fewestSlots);
    if (slots === this.#slots) return;
    this.#slots = slots;
    this.#events.changed();
  }

  #startWorkers(endpoint: string, lines: LineWriter): WorkerFleet {
    const { onOutput, restarts, timeout } = this.#options;
    const fleet = new WorkerFleet({
      restarts: resolveRestarts(restarts),
      mayAdvise: () => this.#events.hasWaiting(),
      output: (worker, stream, line) =>
        onOutput === undefined
          ? lines.write(`[worker ${worker}] ${line}`)
          : onOutput(line, { worker, stream }),
      failed: (error: PipelineError) => this.#events.failed(error),
    });
    const pool = { timeoutMs: timeout === Number.POSITIVE_INFINITY ? undefined : timeout };
    for (const { count, ...plan } of this.#plans)
      for (let number = 0; number < count; number++)
        fleet.add({
          type: "start",
          ...plan,
          isWrapped: true,
          pool,
          endpoint,
          collectorEndpoint: undefined,
          keys: undefined,
        });
    return fleet;
  }
}

function endpointOf(listen: EndpointAddress | string | undefined): EndpointAddress | undefined {
  return typeof listen === "string" ? new EndpointAddress(listen) : listen;
}
