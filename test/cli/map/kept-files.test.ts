import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  long("has each result and each failure in its files once when it has gone on", async () => {
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    const at = folderOf(FAILS, numbers.map((n) => `${n}\n`).join(""));
    const args = ["--journal", at("j"), "--key", ".", "--failed", at("failed"), "--retry", "1"];
    for (const least of [1, 1000, 2000, 3000]) {
      const child = startMap(at, args);
      const end = ended(child);
      while (child.exitCode === null && statSync(at("out")).size < least)
        await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill("SIGKILL");
      await end;
    }
    expect(await ended(startMap(at, args))).toMatchObject({ code: 3 });
    expect(numbersIn(at("out")).sort((a, b) => a - b)).toEqual(numbers.filter((n) => n % 50 !== 0));
    const failed = readFileSync(at("failed"), "utf8").trim().split("\n");
    const inputs = failed.map((line) => (JSON.parse(line) as { input: number }).input);
    expect(inputs.sort((a, b) => a - b)).toEqual(numbers.filter((n) => n % 50 === 0));
    expect(statSync(`${at("j")}.printed`, { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe("Results that were printed", () => {
  /** Marks two results of four bytes each, as a command does that is killed when the output has the given text. */
  function killedAt(text: string) {
    const at = folderOf("", "");
    writeFileSync(at("out"), "old\n");
    const output = openSync(at("out"), "a+");
    const printed = new PrintedResults(at("j"), output);
    expect(printed.has("run/map", 0)).toBe(false);
    printed.mark("run/map", [
      [0, 4],
      [2, 4],
    ]);
    printed.close(false);
    writeFileSync(at("out"), text, { flag: "a" });
    const later = new PrintedResults(at("j"), output);
    const known = [0, 1, 2].filter((seq) => later.has("run/map", seq));
    later.close(true);
    closeSync(output);
    return { known, text: readFileSync(at("out"), "utf8") };
  }

  test("are known, and a part of one is cut off", () => {
    expect(killedAt("")).toEqual({ known: [], text: "old\n" });
    expect(killedAt("aa")).toEqual({ known: [], text: "old\n" });
    expect(killedAt("aaa\n")).toEqual({ known: [0], text: "old\naaa\n" });
    expect(killedAt("aaa\nb")).toEqual({ known: [0], text: "old\naaa\n" });
    expect(killedAt("aaa\nbbb\n")).toEqual({ known: [0, 2], text: "old\naaa\nbbb\n" });
  });

  test("are not known in an output that was emptied", () => {
    const at = folderOf("", "");
    const output = openSync(at("out"), "w+");
    const printed = new PrintedResults(at("j"), output);
    printed.has("run/map", 0);
    printed.mark("run/map", [[0, 4]]);
    printed.close(false);
    const later = new PrintedResults(at("j"), output);
    expect(later.has("run/map", 0)).toBe(false);
    later.close(true);
    closeSync(output);
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
