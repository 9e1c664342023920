import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { readJournal } from "../../src/index.ts";
import { tempFolder } from "./endpoints.ts";

const PROGRAM = fileURLToPath(new URL("../fixtures/journal-sources-run.mjs", import.meta.url));

/** How a source may differ from the source with which the run began. */
export const SHAPES = ["reversed", "shuffled", "longer", "shorter", "changed"] as const;
export type Shape = "plain" | (typeof SHAPES)[number];

export interface Life {
  /** The exit code; null when the process was killed, 7 when the journal did not fit. */
  readonly code: number | null;
  readonly printed: string;
}

/** The processes of one run, one after the other, with a journal and a source that changes. */
export class JournalLives {
  readonly #folder = tempFolder();
  readonly #items: number;
  readonly #isKeyed: boolean;

  constructor(items: number, isKeyed: boolean) {
    this.#items = items;
    this.#isKeyed = isKeyed;
  }

  /** Runs one process, and kills it `ms` after the run has begun. */
  async live(shape: Shape, killAfter?: number): Promise<Life> {
    const [journal, sink] = [join(this.#folder, "run.journal"), join(this.#folder, "sink")];
    const args = [PROGRAM, journal, sink, String(this.#items), shape, ...(this.#isKeyed ? ["keyed"] : [])];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], timeout: 60_000 });
    onTestFinished(() => void child.kill("SIGKILL"));
    let printed = "";
    const exited = once(child, "close");
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    await Promise.race([once(child.stdout, "data"), exited]);
    if (killAfter !== undefined) {
      await sleep(killAfter);
      child.kill("SIGKILL");
    }
    await exited;
    return { code: child.exitCode, printed };
  }

  /** How many items the journal has so far. */
  get produced(): number {
    const path = join(this.#folder, "run.journal");
    return existsSync(path) ? (readJournal(path).tasks.numbers?.items ?? 0) : 0;
  }

  get isComplete(): boolean {
    const path = join(this.#folder, "run.journal");
    return existsSync(path) && readJournal(path).isComplete;
  }

  /** How many executions the processes have made. */
  get executions(): number {
    return linesOf(join(this.#folder, "sink.executed")).length;
  }

  /** The collected numbers. Throws when a number was collected twice. */
  get collected(): ReadonlySet<number> {
    const all = linesOf(join(this.#folder, "sink")).map((line) => Number(line.split(" ")[1]));
    const once = new Set(all);
    assert.equal(once.size, all.length, "a number was collected twice");
    return once;
  }
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "latin1").split("\n").slice(0, -1);
}

/** The numbers of a source of this shape. */
export function numbersOf(shape: Shape, count: number): number[] {
  const plain = Array.from({ length: count }, (_, n) => n);
  if (shape === "longer") return [...plain, ...plain.map((n) => n + count)];
  if (shape === "shorter") return plain.slice(0, Math.ceil(count / 2));
  if (shape === "changed") return plain.map((n) => (n === 0 ? 10_000_000 : n));
  return plain;
}
