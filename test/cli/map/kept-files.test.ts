import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { PrintedResults } from "../../../src/cli/map/printed-results.ts";
import type { PipelineError } from "../../../src/index.ts";
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
      let isComplete = false;
      const start = () =>
        startMap(at, [...args, ...(isOrdered[lives++ % isOrdered.length] === true ? ["--ordered"] : [])]);
      for (const least of [1, 1000, 2000, 3000]) {
        const child = start();
        const end = ended(child);
        while (child.exitCode === null && statSync(at("out")).size < least)
          await new Promise((resolve) => setTimeout(resolve, 1));
        child.kill("SIGKILL");
        if ((await end).code === 3) isComplete = true; // it was faster than the kill
      }
      expect(await ended(start())).toMatchObject({ code: isComplete ? 0 : 3 });
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
const RUN = { runId: "run", pending: [0, 1, 2, 3, 4], nextNumber: 5 };

/** The line of an item. */
const lineOf = (seq: number) => `${"abcde".charAt(seq).repeat(3)}\n`;

/** What a life of the command knows and does. */
interface Scene {
  readonly run?: typeof RUN;
  readonly name?: string;
  readonly journal?: string;
}

/** The lives of a command that appends to a file. */
class Lives {
  readonly at = folderOf("", "");

  constructor() {
    writeFileSync(this.at("out"), "old\n");
  }

  /** A life that is told to print the lines of items, and is killed when it has written a text. @returns What it knew. */
  killed(seqs: readonly number[], text: string, scene: Scene = {}): number[] {
    const { run = RUN, name = "out", journal = "j" } = scene;
    const output = openSync(this.at(name), "a");
    const printed = new PrintedResults(this.at(journal), output);
    try {
      const known = printed.goOn(run);
      if (seqs.length > 0) printed.mark(seqs.map((seq) => [seq, lineOf(seq)]));
      writeSync(output, text);
      return [...known];
    } finally {
      printed.close(false);
      closeSync(output);
    }
  }

  /** What the next life knows and finds in the file. */
  next(scene: Scene = {}) {
    const known = this.killed([], "", scene);
    return { known, text: this.text(scene.name) };
  }

  /** The reason why the next life is refused. Nothing of the output is changed then. */
  refused(scene: Scene = {}): string {
    const text = this.text(scene.name);
    try {
      this.killed([], "", scene);
    } catch (error) {
      expect(this.text(scene.name)).toBe(text);
      expect((error as PipelineError).code).toBe("JOURNAL_MISMATCH");
      return (error as Error).message;
    }
    throw new Error("The life was not refused");
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
    expect(nextAfter("aaa\nc")).toEqual({ known: [0], text: "old\naaa\n" });
    expect(nextAfter("aaa\nccc\n")).toEqual({ known: [0, 2], text: "old\naaa\nccc\n" });
  });

  test("are told from those that a life was killed before, although a later life has written as much", () => {
    const lives = new Lives();
    lives.killed([0, 1], "aaa\n");
    const run = { ...RUN, pending: [1, 2, 3, 4] };
    expect(lives.killed([3], "ddd\n", { run })).toEqual([]);
    expect(lives.next({ run }).known).toEqual([3]);
  });

  test("the output is another file than before, or a pipe", () => {
    const lives = new Lives();
    const output = openSync(lives.at("out"), "a");
    const printed = new PrintedResults(lives.at("j"), output);
    printed.goOn(RUN);
    for (const seq of [3, 4]) {
      printed.mark([[seq, lineOf(seq)]]);
      writeSync(output, lineOf(seq));
    }
    printed.close(false);
    closeSync(output);
    expect(lives.next({ name: "new" })).toEqual({ known: [3], text: "" });
    const piped = new PrintedResults(lives.at("j"), undefined);
    expect(piped.goOn(RUN)).toEqual([3]);
    piped.mark([[0, "a\n"]]);
    piped.close(true);
    expect(existsSync(lives.at("j.printed"))).toBe(false);
  });

  test("are known under each name of the journal", () => {
    const lives = new Lives();
    writeFileSync(lives.at("j"), "");
    symlinkSync(lives.at("j"), lives.at("link"));
    lives.killed([1], "bbb\n");
    expect(lives.next({ journal: "link" }).known).toEqual([1]);
  });
});

describe("A journal and its output", () => {
  const settled = { run: { ...RUN, pending: [3, 4] } };

  test("the output has lost results that the journal has as collected", () => {
    const lives = new Lives();
    lives.killed([0, 1, 2, 3], "aaa\nbbb\nccc\nd");
    for (const size of [0, 3, 8, 11]) {
      const cut = new Lives();
      cut.killed([0, 1, 2, 3], "aaa\nbbb\nccc\nd");
      truncateSync(cut.at("out"), size);
      expect(cut.refused(settled)).toMatch(/results? (is|are) missing in the output .* \(append with >>/);
    }
    expect(lives.next(settled)).toEqual({ known: [], text: "old\naaa\nbbb\nccc\n" });
  });

  test("the output has lost results that the journal has not as collected", () => {
    const lives = new Lives();
    lives.killed([0, 1, 2, 3], "aaa\nbbb\nccc\nddd\n");
    truncateSync(lives.at("out"), 17);
    expect(lives.next(settled)).toEqual({ known: [], text: "old\naaa\nbbb\nccc\n" });
  });

  test("somebody else writes into the output", () => {
    for (const text of ["by hand\n", "by hand", "a\n"]) {
      const before = new Lives();
      before.killed([0, 2], "");
      appendFileSync(before.at("out"), text);
      expect(before.refused()).toContain("other text at byte 4");
      const amid = new Lives();
      amid.killed([0, 2], "aaa\n");
      appendFileSync(amid.at("out"), text);
      expect(amid.refused()).toContain("other text at byte 8");
      const behind = new Lives();
      behind.killed([0, 2], "aaa\nccc\n");
      appendFileSync(behind.at("out"), text);
      expect(behind.next()).toEqual({ known: [0, 2], text: `old\naaa\nccc\n${text}` });
    }
  });

  test("the output ends within a line of somebody else", () => {
    const lives = new Lives();
    writeFileSync(lives.at("out"), "by hand");
    lives.killed([0], "aaa\n");
    expect(lives.text()).toBe("by hand\naaa\n");
    expect(lives.next().known).toEqual([0]);
  });

  test("the journal of another run comes to the output", () => {
    const lives = new Lives();
    lives.killed([0, 1], "aaa\nb");
    const other = { ...RUN, runId: "other" };
    expect(lives.refused({ run: other })).toContain(
      "is of run run, and the journal of run other: another journal was put in its place",
    );
    expect(lives.next({ run: { ...other, pending: [], nextNumber: 0 } }).known).toEqual([]);
    expect(lives.next({ run: other }).known).toEqual([]); // killed before it had printed anything
  });

  test("an older copy of the journal comes to the output", () => {
    const lives = new Lives();
    lives.killed([2], "ccc\n", { run: { ...RUN, pending: [1, 2, 3, 4] } });
    const older = [
      { ...RUN, nextNumber: 2, pending: [1] }, // 2 to 4 were produced later
      { ...RUN, pending: [0, 1, 2, 3, 4] }, // 0 was collected before the output had 2
    ];
    for (const run of older)
      expect(lives.refused({ run })).toContain("results that it does not know: it is an older copy");
    expect(lives.next({ run: { ...RUN, pending: [1, 3, 4] } }).known).toEqual([]);
  });

  test("the output is removed, or cut, while results are written", () => {
    const lives = new Lives();
    const endOf = (abuse: (path: string) => void) => {
      const output = openSync(lives.at("out"), "a");
      const printed = new PrintedResults(lives.at("j"), output);
      try {
        printed.goOn(RUN);
        printed.mark([[0, "aaa\n"]]);
        writeSync(output, "aaa\n");
        abuse(lives.at("out"));
        expect(() => printed.mark([[1, "bbb\n"]])).toThrow("while results were written to it");
        return printed.problem;
      } finally {
        printed.close(true);
        closeSync(output);
      }
    };
    expect(endOf((path) => truncateSync(path, 6))).toBe(
      "The output file was cut while results were written to it",
    );
    expect(endOf((path) => rmSync(path))).toBe(
      "The output file was removed while results were written to it",
    );
  });
});

describe("A journal and what was printed", () => {
  test("the name of the file that says what was printed is taken", () => {
    const put: Record<string, (path: string) => void> = {
      text: (path) => writeFileSync(path, "of a user\n"),
      "a part of a line": (path) => writeFileSync(path, "of a user"),
      JSON: (path) => writeFileSync(path, "{}\n"),
      "a link": (path) => symlinkSync(join(dirname(path), "out"), path),
      "a dangling link": (path) => symlinkSync(join(dirname(path), "made"), path),
      "a folder": (path) => mkdirSync(path),
      "a pipe": (path) => void spawnSync("mkfifo", [path]),
    };
    for (const [what, make] of Object.entries(put)) {
      if (what === "a pipe" && process.platform === "win32") continue;
      const lives = new Lives();
      make(lives.at("j.printed"));
      const names = readdirSync(lives.at("."));
      expect(() => lives.next(), what).toThrow(/^Journal ".*j" cannot be opened: ".*j\.printed" is /);
      expect(readdirSync(lives.at("."))).toEqual(names);
      if (lstatSync(lives.at("j.printed")).isFile())
        expect(lives.text("j.printed")).toMatch(/^of a user\n?$|^\{\}\n$/);
      expect(lives.text()).toBe("old\n");
    }
  });

  test("the file that says what was printed is cut", () => {
    const lives = new Lives();
    lives.killed([0], "aaa\n");
    const marks = lives.text("j.printed");
    for (const size of [0, 1, 5, 20, marks.length - 2]) {
      writeFileSync(lives.at("j.printed"), marks.slice(0, size));
      expect(lives.next()).toEqual({ known: [], text: "old\naaa\n" });
    }
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
