import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ended, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";

const ITEMS = 20_000;

/** Longest time in ms between the first lines of a life and its end. */
const LIFE_MS = 300;

const WORK = `import { setTimeout as sleep } from "node:timers/promises";
export default async ({ n }) => {
  if (n % 500 === 0) await sleep(200);
  if (n % 97 === 3) throw Object.assign(new Error("unlucky"), { retryable: false });
  if (n % 3 === 0) await sleep(1);
  return { n, pad: "x".repeat(n % 700) };
};
`;

/** The lives of one run of `zmqpipeline map` whose results are appended to a file. */
class Lives {
  readonly #folder = tempFolder();
  readonly #output = join(this.#folder, "out");
  readonly #args: readonly string[];
  readonly #isSwitched: boolean;
  kills = 0;

  /** @param options - Of each life; or `"switched"`: `--ordered` in some lives. */
  constructor(options: readonly string[] | "switched") {
    this.#isSwitched = options === "switched";
    const [work, input] = ["work.mjs", "in"].map((name) => join(this.#folder, name)) as [string, string];
    writeFileSync(work, WORK);
    writeFileSync(this.#output, "");
    writeFileSync(input, Array.from({ length: ITEMS }, (_, n) => `{"n":${n}}\n`).join(""));
    this.#args = [
      "map",
      work,
      "--workers",
      "2",
      "--quiet",
      "--journal",
      join(this.#folder, "journal"),
      ...(options === "switched" ? [] : options),
    ];
  }

  /** Starts the command, and kills it soon after it has written, perhaps a worker first. @returns The exit code; null after a kill. */
  async live(isKilled: boolean): Promise<number | null> {
    const [input, output] = [openSync(join(this.#folder, "in"), "r"), openSync(this.#output, "a")];
    const switched = this.#isSwitched && Math.random() < 0.5 ? ["--ordered"] : [];
    const child = startCommand([...this.#args, ...switched], [input, output, "ignore"]);
    for (const file of [input, output]) closeSync(file);
    const end = ended(child);
    const { size } = statSync(this.#output);
    while (isKilled && child.exitCode === null && statSync(this.#output).size === size) await sleep(2);
    if (isKilled) {
      await sleep(Math.random() * LIFE_MS);
      const [worker] = childrenOf(child.pid);
      if (worker !== undefined && Math.random() < 0.3) {
        process.kill(worker, "SIGKILL");
        await sleep(Math.random() * LIFE_MS);
      }
      if (child.kill("SIGKILL")) this.kills += 1;
    }
    return (await end).code;
  }

  /** The numbers in the output, in its order. Throws when a line is not whole. */
  get numbers(): number[] {
    const lines = readFileSync(this.#output, "utf8").split("\n");
    expect(lines.pop()).toBe("");
    return lines.map((line) => (JSON.parse(line) as { n: number }).n);
  }
}

function childrenOf(pid: number | undefined): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // only Linux tells
  }
}

/** Kills runs at random moments and lets them go on to their ends. @returns The numbers that each run has written. */
async function killed(kills: number, options: readonly string[] | "switched"): Promise<number[][]> {
  const outputs: number[][] = [];
  for (let left = kills; left > 0; ) {
    const lives = new Lives(options);
    let code = await lives.live(true);
    while (code === null) code = await lives.live(lives.kills < left);
    expect(code).toBe(3);
    left -= Math.max(1, lives.kills);
    outputs.push(lives.numbers);
  }
  return outputs;
}

const SUCCESSES = Array.from({ length: ITEMS }, (_, n) => n).filter((n) => n % 97 !== 3);

describe("The output file of zmqpipeline map with a journal, killed at random moments 30 times", () => {
  test("has each result once and in order, with --ordered", { timeout: 400_000 }, async () => {
    for (const numbers of await killed(30, ["--ordered"])) expect(numbers).toEqual(SUCCESSES);
  });

  test("has each result once and in order, with --ordered and --key", { timeout: 400_000 }, async () => {
    for (const numbers of await killed(10, ["--ordered", "--key", "n"])) expect(numbers).toEqual(SUCCESSES);
  });

  test("has each result once, in any order without --ordered", { timeout: 400_000 }, async () => {
    for (const numbers of await killed(10, [])) expect(numbers.sort((a, b) => a - b)).toEqual(SUCCESSES);
  });

  test("has each result once, with --ordered in some lives and not in others", {
    timeout: 400_000,
  }, async () => {
    for (const numbers of await killed(20, "switched"))
      expect(numbers.sort((a, b) => a - b)).toEqual(SUCCESSES);
  });
});
