import type { PipelineError } from "../errors.ts";
import { RoleLog } from "../logging/logger.ts";
import { TaskType } from "../protocol/task-type.ts";
import { assertMayRun, permit } from "../self/nesting.ts";
import { Service } from "../service/service.ts";
import { ServiceClient } from "../service/service-client.ts";
import { assertDescriptors } from "./descriptor-check.ts";
import { LineWriter } from "./line-writer.ts";
import { LocalEndpoints } from "./local-endpoints.ts";
import { assertModules } from "./module-files.ts";
import type { PoolOptions } from "./pool-options.ts";
import { resolveRestarts, resolveWorkers } from "./resolve-workers.ts";
import { RunFolder } from "./run-folder.ts";
import { WorkerFleet } from "./worker-fleet.ts";

/** How long workers may take to end after the pool was closed, in ms. */
const END_MS = 3000;

/** A service in this process whose workers are processes that a fleet keeps alive, and a client of it. */
export class PoolRun {
  /** How many inputs all workers execute at once. */
  readonly slots: number;
  readonly #options: PoolOptions;
  readonly #plans: ReturnType<typeof resolveWorkers>;
  readonly #log = new RoleLog("worker");
  readonly #failed: (error: unknown) => void;
  readonly #began: Promise<ServiceClient<object, { value?: unknown }>>;
  #end: () => Promise<void> = async () => {};

  /** @param failed - Called when the pool can work no more. */
  constructor(module: URL | string, options: PoolOptions, failed: (error: unknown) => void) {
    assertMayRun();
    this.#options = options;
    this.#failed = failed;
    const { workers, threads = 0, concurrency = 1, exportName } = options;
    const count = workers ?? (threads > 0 ? 1 : undefined);
    const definition = {
      module,
      threads,
      concurrency,
      ...(count === undefined ? {} : { count }),
      ...(exportName === undefined ? {} : { exportName }),
      taskType: TaskType.register("pool"),
    };
    this.#plans = resolveWorkers({ workers: definition }, []);
    this.slots = this.#plans.reduce(
      (slots, plan) => slots + plan.count * Math.max(plan.threads, plan.concurrency),
      0,
    );
    this.#began = this.#begin();
    this.#began.catch(failed);
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
    const [frontendEndpoint, backendEndpoint] = [endpoints.ack, endpoints.task];
    const service = permit(
      new Service({ frontendEndpoint, backendEndpoint, workerTimeout: Number.POSITIVE_INFINITY }),
    );
    const running = service.run().catch((error: unknown) => this.#failed(error));
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
      lines.close();
      await folder.remove();
    };
    return client;
  }

  #startWorkers(endpoint: string, lines: LineWriter): WorkerFleet {
    const { onOutput, restarts, timeout } = this.#options;
    const fleet = new WorkerFleet({
      restarts: resolveRestarts(restarts),
      output: (worker, stream, line) =>
        onOutput === undefined
          ? lines.write(`[worker ${worker}] ${line}`)
          : onOutput(line, { worker, stream }),
      failed: (error: PipelineError) => this.#failed(error),
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
