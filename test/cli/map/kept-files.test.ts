import { once } from "node:events";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { PrintedResults } from "../../../src/cli/map/printed-results.ts";
import { ended, startCommand } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { long, longOnLinux } from "../../support/long.ts";

const FAILS = 'export default (n) => { if (n % 50 === 0) throw new Error("bad"); return n; };';

/** A folder with a function, and inputs. */
function folderOf(module: string, inputs: string): (name: string) => string {
  const folder = tempFolder();
  writeFileSync(join(folder, "f.mjs"), module);
  writeFileSync(join(folder, "in"), inputs);
  return (name) => join(folder, name);
}

/** Starts `zmqpipeline map` with files as its streams. */
function startMap(at: (name: string) => string, args: readonly string[]) {
  const [input, output] = [openSync(at("in"), "r"), openSync(at("out"), "a")];
  const child = startCommand(["map", at("f.mjs"), "-w", "1", "-q", ...args], [input, output, "pipe"]);
  closeSync(input);
  closeSync(output);
  return child;
}

const numbersIn = (path: string) => readFileSync(path, "utf8").trim().split("\n").map(Number);

describe("A map whose command is killed", () => {
  const orders = [
    ["unordered", [false]],
    ["ordered", [true]],
    ["ordered in every other life", [true, false]],
  ] as const;
  for (const [name, isOrdered] of orders)
    long(`has each result and each failure in its files once when it has gone on, ${name}`, async () => {
      const numbers = Array.from({ length: 1000 }, (_, index) => index);
      const at = folderOf(FAILS, numbers.map((n) => `${n}\n`).join(""));
      const args = ["--journal", at("j"), "--key", ".", "--failed", at("failed"), "--retry", "1"];
      let lives = 0;
      const start = () =>
        startMap(at, [...args, ...(isOrdered[lives++ % isOrdered.length] === true ? ["--ordered"] : [])]);
      for (const least of [1, 1000, 2000, 3000]) {
        const child = start();
        const end = ended(child);
        while (child.exitCode === null && statSync(at("out")).size < least)
          await new Promise((resolve) => setTimeout(resolve, 1));
        child.kill("SIGKILL");
        await end;
      }
      expect(await ended(start())).toMatchObject({ code: 3 });
      const printed = numbersIn(at("out"));
      if (isOrdered.every(Boolean)) expect(printed).toEqual([...printed].sort((a, b) => a - b));
      expect(printed.sort((a, b) => a - b)).toEqual(numbers.filter((n) => n % 50 !== 0));
      const failed = readFileSync(at("failed"), "utf8").trim().split("\n");
      const inputs = failed.map((line) => (JSON.parse(line) as { input: number }).input);
      expect(inputs.sort((a, b) => a - b)).toEqual(numbers.filter((n) => n % 50 === 0));
      expect(existsSync(at("j.printed"))).toBe(false);
    });
});

describe("A map in order with a journal that is stopped while its reader is slow", () => {
  long("prints the rest when it goes on, and nothing twice", async () => {
    const numbers = Array.from({ length: 3000 }, (_, index) => index);
    const at = folderOf(
      'export default (n) => String(n).padStart(250, "0");',
      numbers.map((n) => `${n}\n`).join(""),
    );
    const start = () => {
      const input = openSync(at("in"), "r");
      const args = ["map", at("f.mjs"), "-w", "2", "-q", "--raw", "--ordered", "--journal", at("j")];
      const child = startCommand(args, [input, "pipe", "pipe"]);
      closeSync(input);
      return child;
    };
    const child = start();
    const reader = child.stdout as Readable;
    await once(reader, "readable");
    while (reader.readableLength < reader.readableHighWaterMark)
      await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill("SIGINT");
    await once(child.stderr as Readable, "readable");
    const first = await ended(child); // reads all
    const second = await ended(start());
    expect([first.code, second.code]).toEqual([130, 0]);
    expect(second.out).not.toBe("");
    expect(`${first.out}${second.out}`.trim().split("\n").map(Number)).toEqual(numbers);
  });
});

/** A run of which five items are pending. */
const RUN = { runId: "run", pending: [0, 1, 2, 3, 4] };

/** The lives of a command that appends to a file. */
class Lives {
  readonly at = folderOf("", "");

  constructor() {
    writeFileSync(this.at("out"), "old\n");
  }

  /** A life that is told to print results of four bytes each, and is killed when it has written a text. @returns What it knew. */
  killed(seqs: readonly number[], text: string, { run = RUN, name = "out", journal = "j" } = {}): number[] {
    const output = openSync(this.at(name), "a+");
    const printed = new PrintedResults(this.at(journal), output);
    const known = printed.goOn(run);
    if (seqs.length > 0) printed.mark(seqs.map((seq) => [seq, 4]));
    writeSync(output, text);
    printed.close(false);
    closeSync(output);
    return [...known];
  }

  /** What the next life knows and finds in the file. */
  next(scene: Parameters<Lives["killed"]>[2] = {}) {
    const known = this.killed([], "", scene);
    return { known, text: this.text(scene.name) };
  }

  text(name = "out"): string {
    return readFileSync(this.at(name), "utf8");
  }
}

describe("Results that were printed", () => {
  test("are known, and a part of one is cut off", () => {
    const nextAfter = (text: string) => {
      const lives = new Lives();
      expect(lives.killed([0, 2], text)).toEqual([]);
      return lives.next();
    };
    expect(nextAfter("")).toEqual({ known: [], text: "old\n" });
    expect(nextAfter("aa")).toEqual({ known: [], text: "old\n" });
    expect(nextAfter("aaa\n")).toEqual({ known: [0], text: "old\naaa\n" });
    expect(nextAfter("aaa\nb")).toEqual({ known: [0], text: "old\naaa\n" });
    expect(nextAfter("aaa\nbbb\n")).toEqual({ known: [0, 2], text: "old\naaa\nbbb\n" });
  });

  test("are told from those that a life was killed before, although a later life has written as much", () => {
    const lives = new Lives();
    lives.killed([0, 1], "aaa\n");
    expect(lives.killed([3], "ddd\n", { run: { ...RUN, pending: [1, 2, 3, 4] } })).toEqual([]);
    expect(lives.next({ run: { ...RUN, pending: [1, 2, 3, 4] } }).known).toEqual([3]);
  });

  test("are not known in an output that was emptied, and not to another run", () => {
    const lives = new Lives();
    lives.killed([0, 1], "aaa\nb");
    expect(lives.next({ run: { ...RUN, runId: "other" } })).toEqual({ known: [], text: "old\naaa\nb" });
    writeFileSync(lives.at("out"), "");
    expect(lives.next()).toEqual({ known: [], text: "" });
  });

  test("are known when results go to another file, or a pipe, except the last batch", () => {
    const lives = new Lives();
    const output = openSync(lives.at("out"), "a+");
    const printed = new PrintedResults(lives.at("j"), output);
    printed.goOn(RUN);
    for (const seq of [3, 4]) {
      printed.mark([[seq, 4]]);
      writeSync(output, "aaa\n");
    }
    printed.close(false);
    closeSync(output);
    expect(lives.next({ name: "new" })).toEqual({ known: [3], text: "" });
    const piped = new PrintedResults(lives.at("j"), undefined);
    expect(piped.goOn(RUN)).toEqual([3]);
    piped.mark([[0, 4]]);
    piped.close(true);
    expect(existsSync(lives.at("j.printed"))).toBe(false);
  });

  test("are known under each name of the journal", () => {
    const lives = new Lives();
    writeFileSync(lives.at("j"), "");
    symlinkSync(lives.at("j"), lives.at("link"));
    lives.killed([1], "aaa\n");
    expect(lives.next({ journal: "link" }).known).toEqual([1]);
  });
});

describe("Files of the command map", () => {
  long("that would be written over another file of it are refused", async () => {
    const at = folderOf(FAILS, "1\n");
    const refused = [
      ["--failed", at("in")],
      ["--failed", at("out")],
      ["--failed", at("f.mjs")],
      ["--journal", at("new"), "--failed", at("new")],
    ];
    const ends = await Promise.all(refused.map((args) => ended(startMap(at, args))));
    expect(ends.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(ends.map(({ err }) => err.replace(/^.* is /, ""))).toEqual([
      "standard input, too: name another file\n",
      "standard output, too: name another file\n",
      "the function's file, too: name another file\n",
      `--journal ${at("new")}, too: name another file\n`,
    ]);
    expect([readFileSync(at("in"), "utf8"), readFileSync(at("f.mjs"), "utf8")]).toEqual(["1\n", FAILS]);
  });

  longOnLinux("that have no room end the run, and are named", async () => {
    const at = folderOf(FAILS, "50\n");
    const { code, err } = await ended(startMap(at, ["--failed", "/dev/full"]));
    expect(err).toMatch(/^zmqpipeline: --failed \/dev\/full cannot be written: ENOSPC.*\n$/m);
    expect(code).toBe(1);
  });

  long("that are folders are no standard input", async () => {
    const at = folderOf(FAILS, "");
    const folder = openSync(at("."), "r");
    const child = startCommand(["map", at("f.mjs"), "-q"], [folder, "pipe", "pipe"]);
    closeSync(folder);
    expect(await ended(child)).toMatchObject({
      code: 2,
      err: expect.stringContaining("Standard input is a folder"),
    });
  });
});
