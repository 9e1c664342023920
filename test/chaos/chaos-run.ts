import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { RunSummary } from "../../src/index.ts";
import type { RoleConfig } from "../fixtures/role.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import type { PipelineEndpoints } from "../support/endpoints-of.ts";
import { RoleProcess, type TestProcess } from "../support/processes.ts";

/** `npm run chaos` sets it; otherwise a run has a tenth of the items. */
export const isFull = process.env.CHAOS === "full";
export const ITEMS = isFull ? 10_000 : 1000;

export type Changes = Partial<RoleConfig>;

/** Starts a worker that returns its items. */
type WorkerStarter = (endpoints: PipelineEndpoints, changes: Changes) => TestProcess;

const plainWorker: WorkerStarter = (endpoints, changes) =>
  new RoleProcess({ role: "plainWorker", endpoints, sleep: 1, ...changes });

/** A random element. */
export function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

/** A run of real processes whose collector writes to a file, which an independent reader checks. */
export class ChaosRun {
  readonly endpoints: PipelineEndpoints;
  readonly folder = tempFolder();
  readonly sink = join(this.folder, "sink");
  readonly journal = join(this.folder, "run.journal");
  readonly workers: TestProcess[] = [];
  readonly items: number;
  readonly #startWorker: WorkerStarter;
  #isOver = false;

  constructor(endpoints: PipelineEndpoints, items: number, startWorker: WorkerStarter = plainWorker) {
    this.endpoints = endpoints;
    this.items = items;
    this.#startWorker = startWorker;
  }

  static async begin(
    scheme: "tcp" | "ipc",
    items = ITEMS,
    startWorker: WorkerStarter = plainWorker,
  ): Promise<ChaosRun> {
    return new ChaosRun(await freshEndpoints(scheme), items, startWorker);
  }

  collector(changes: Changes = {}, launcher?: readonly string[]): RoleProcess {
    return new RoleProcess(
      { role: "collector", endpoints: this.endpoints, sink: this.sink, ...changes },
      launcher,
    );
  }

  distributor(changes: Changes = {}, launcher?: readonly string[]): RoleProcess {
    const { endpoints, items } = this;
    const distributor = new RoleProcess({ role: "distributor", endpoints, items, ...changes }, launcher);
    this.#isOver = false;
    // A worker that ends by itself has ended with the run; killed workers are replaced.
    void distributor.exited.then(() => {
      if (distributor.child.exitCode !== null) this.#isOver = true;
    });
    return distributor;
  }

  worker(changes: Changes = {}): TestProcess {
    const worker = this.#startWorker(this.endpoints, changes);
    this.workers.push(worker);
    return worker;
  }

  /** Lines in the sink. */
  get collected(): number {
    return existsSync(this.sink) ? readFileSync(this.sink, "latin1").split("\n").length - 1 : 0;
  }

  /** Waits until a share of the items, from 0 to 1, is collected. */
  async reached(share: number): Promise<void> {
    while (this.collected < this.items * share && !this.#isOver) await sleep(10);
  }

  /** Repeats an action until a share of the items, from 0 to 1, is collected. */
  async until(share: number, every: number, action: () => void): Promise<number> {
    let times = 0;
    for (; this.collected < this.items * share && !this.#isOver; times++) {
      await sleep(every);
      action();
    }
    return times;
  }

  /**
   * Waits for the end of the run and of every role, and checks the file: no item is lost, there twice, or invented.
   *
   * @param failed - Items that were given up, and are not to be in the file.
   */
  async verdict(
    distributor: RoleProcess,
    collector: RoleProcess,
    failed: readonly number[] = [],
  ): Promise<RunSummary> {
    const summary = await distributor.outcome<RunSummary>();
    await collector.outcome();
    for (const worker of this.workers) {
      if (!worker.hasPrinted("working")) worker.kill("SIGKILL"); // it started when the run was over
      await worker.exited;
      if (worker.child.exitCode === 1) expect(worker.errors).toMatch(/PEER_TIMEOUT|RUN_ABORTED/);
    }
    const { items } = this;
    const acked = items - failed.length;
    expect(summary).toMatchObject({
      status: "complete",
      tasks: { numbers: { items, acked, failed: failed.length } },
    });
    expect(verdictOf(this.sink, summary.runId, items, failed)).toEqual({ lost: 0, twice: 0, invented: 0 });
    return summary;
  }
}

/** The reader of the file. It knows nothing of the library but how an item's id is made. */
function verdictOf(
  file: string,
  runId: string,
  items: number,
  failed: readonly number[],
): { readonly lost: number; readonly twice: number; readonly invented: number } {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const known = new Set<string>();
  let invented = 0;
  for (const line of lines) {
    const [id, n] = line.split(" ");
    const isOurs = id === `${runId}/numbers/${n}` && Number(n) < items && !failed.includes(Number(n));
    if (!isOurs) invented += 1;
    known.add(line);
  }
  return { lost: items - failed.length - known.size + invented, twice: lines.length - known.size, invented };
}
