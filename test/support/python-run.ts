import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Failure, type Security, Task, TaskType } from "../../src/index.ts";
import { freshEndpoints } from "./endpoints.ts";
import { address, type PipelineEndpoints } from "./endpoints-of.ts";
import { type PythonFields, pythonWorker } from "./python.ts";
import { makeDistributor, NumbersCollector } from "./roles.ts";
import { GoodMetadata } from "./secured-roles.ts";
import { withKeys } from "./with-keys.ts";

/** What a worker in Python does with an item. */
export type Doing = Readonly<Record<string, unknown>>;

export const DOING = TaskType.register("python");
const FEW_RETRIES = { attempts: 2, backoff: 10 };

/** Items that say what the handler does. */
export class DoingTask extends Task<Doing> {
  readonly taskType = DOING;
  readonly endpoint;
  override readonly retry = FEW_RETRIES;
  override readonly timeout: number;
  readonly #items: readonly Doing[];

  constructor({ task }: PipelineEndpoints, items: readonly Doing[], timeout = Number.POSITIVE_INFINITY) {
    super();
    this.endpoint = address(task);
    this.timeout = timeout;
    this.#items = items;
  }

  override *items() {
    yield* this.#items;
  }
}

export class DoingCollector extends NumbersCollector {
  readonly results = new Map<string, unknown>();
  readonly failed = new Map<string, Failure>();

  override handleCollection(...[result, , , info]: Parameters<NumbersCollector["handleCollection"]>) {
    this.results.set(numberOf(info.id), result);
    return undefined as never;
  }

  override handleFailure(failure: Failure) {
    this.failed.set(numberOf(failure.id), failure);
  }
}

const numberOf = (id: string) => id.split("/").at(-1) ?? "";

interface Given {
  readonly items: readonly Doing[];
  readonly timeout?: number;
  readonly fields?: PythonFields;
  readonly security?: Security;
  readonly withMetadata?: boolean;
}

/** Runs the items in Python. */
export async function executed({ items, timeout, fields, security, withMetadata = false }: Given) {
  const endpoints = await freshEndpoints("tcp");
  const collector = withKeys(new DoingCollector(endpoints), security);
  const distributor = makeDistributor(endpoints, new DoingTask(endpoints, items, timeout), {
    security,
    ...(withMetadata ? { metadataEndpoint: address(endpoints.metadata) } : {}),
  });
  const worker = pythonWorker(endpoints, fields);
  const metadata = withMetadata ? withKeys(new GoodMetadata(endpoints), security).run() : undefined;
  const [summary] = await Promise.all([distributor.run(), collector.run(), metadata]);
  const { results, failed: failures } = collector;
  return { summary, results, failures, worker, ended: await worker.outcome<object>() };
}

/** Waits until a worker's handlers have written so many ids of processes, one a line. */
export async function pidsIn(file: string, count: number): Promise<number[]> {
  const lines = () => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
  return lines().map(Number);
}
