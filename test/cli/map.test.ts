import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { ended, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

/** Writes files into a folder of their own. @returns The folder. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

function fileWith(content: string): string {
  return join(folderWith({ "f.mjs": content }), "f.mjs");
}

const ECHO = "export default (input) => input;";

/** Runs `zmqpipeline map` with one worker. */
function mapped(args: readonly string[], input: string | Uint8Array) {
  const child = startCommand(["map", "--workers", "1", ...args], ["pipe", "pipe", "pipe"]);
  child.stdin?.on("error", () => {}); // the command may end before it has read everything
  child.stdin?.end(input);
  return ended(child);
}

describe("The command map", () => {
  test("prints the result of each line of JSON in order, and the summary on standard error", async () => {
    const file = fileWith("export default ({ n }) => ({ square: n * n });");
    const input = '\uFEFF{"n":1}\r\n\n{"n":2}\n{"n":3}';
    const { code, out, err } = await mapped([file, "--ordered"], input);
    expect(out).toBe('{"square":1}\n{"square":4}\n{"square":9}\n');
    expect(err).toMatch(/complete in .*\n {2}map: 3 items, 3 collected/);
    expect(code).toBe(0);
  });

  long("keeps failed inputs with their errors, and prints the other results", async () => {
    const file = fileWith(
      'export default (n) => { if (n === 2) throw new RangeError("unlucky"); return n; };',
    );
    const failed = `${file}.failed`;
    const { code, out, err } = await mapped(
      [file, "-q", "--ordered", "--retry", "1", "--failed", failed],
      "1\n2\n3\n",
    );
    expect(out).toBe("1\n3\n");
    expect(err).toBe(`zmqpipeline: 1 input failed; they are in ${failed}\n`);
    const failure = JSON.parse(readFileSync(failed, "utf8"));
    expect(failure).toMatchObject({
      index: 1,
      input: 2,
      error: { name: "RangeError", message: "unlucky" },
      attempts: 1,
    });
    // The handler's frame alone: none of the library, none of Node.
    expect(failure.error.stack).toMatch(
      new RegExp(`^RangeError: unlucky\n {4}at .*${pathToFileURL(file).href}:1:\\d+\\)?$`),
    );
    expect(code).toBe(3);
  });

  long("tells with --quiet only what failed, at the end", async () => {
    const file = fileWith('export default (n) => { if (n < 3) throw new RangeError("unlucky"); return n; };');
    const { out, err, code } = await mapped([file, "-q", "--retry", "1", "-w", "1"], "1\n2\n3\n");
    expect(out).toBe("3\n");
    expect(err).toMatch(
      /^ {2}failed 2 times in map: RangeError: unlucky\n {4}at .*\n {4}input 1 {2}1\n {4}input 2 {2}2\n {2}--failed FILE keeps all inputs that failed, with their errors\nzmqpipeline: 2 inputs failed\n$/,
    );
    expect(code).toBe(3);
  });

  test("says with --dry-run what the function would get, and how many inputs that are", async () => {
    const input = "1\n".repeat(1234);
    const { out, err, code } = await mapped([fileWith(ECHO), "--dry-run"], input);
    expect(out).toBe(input);
    expect(err).toBe("1,234 inputs; nothing was executed\n");
    expect(code).toBe(0);
  });

  long("executes the inputs before a line that is no JSON, and names that line", async () => {
    const { code, out, err } = await mapped([fileWith(ECHO), "-q"], "1\n2\nhello\n4\n");
    expect(out.split("\n").sort()).toEqual(["", "1", "2"]);
    expect(err).toMatch(/^zmqpipeline: standard input: line 3 is not JSON: "hello" .*--lines/);
    expect(code).toBe(1);
  });

  long("names the line of JSON that no input can be, and executes those before it", async () => {
    for (const line of ['{"__proto__":1}', "[".repeat(200) + "]".repeat(200)]) {
      const { code, out, err } = await mapped([fileWith(ECHO), "-q"], `1\n${line}\n3\n`);
      expect(out).toBe("1\n");
      expect(err).toMatch(
        /^zmqpipeline: standard input: line 2 cannot be an input: Value at input.{1,300}\n$/,
      );
      expect(code).toBe(1);
    }
  });

  long("says which functions a file exports, and ends as for wrong use", async () => {
    const file = fileWith("export const half = () => 1; export const third = () => 1;");
    const ends = await Promise.all([
      mapped([file, "-q", ":::", "a"], ""),
      mapped([file, "-q", "--export", "thrid", ":::", "a"], ""),
    ]);
    expect(ends.map(({ code }) => code)).toEqual([2, 2]);
    expect(ends[0]?.err).toContain("it exports half, third: name one, or make one the default");
    expect(ends[1]?.err).toContain('did you mean "third"?');
  });

  test("takes arguments after :::, and lets nothing that workers print through with --quiet", async () => {
    const file = fileWith('export default (text) => { console.log("noise"); return text.toUpperCase(); };');
    const { out, err } = await mapped([file, "--quiet", "--raw", "--ordered", ":::", "a", "--b"], "");
    expect({ out, err }).toEqual({ out: "A\n--B\n", err: "" });
  });

  long("executes with --key only inputs whose key is new to the journal", async () => {
    const file = fileWith(ECHO);
    const args = [file, "-q", "--journal", `${file}.journal`, "--key", "order.id"];
    const orders = (...ids: number[]) => ids.map((id) => `{"order":{"id":${id}}}\n`).join("");
    expect((await mapped(args, orders(1, 2, 1))).out).toBe(orders(1, 2));
    expect((await mapped(args, orders(2, 3))).out).toBe(orders(3));
  });

  test("ends quietly when its output is closed, although its input has no end", async () => {
    const child = startCommand(["map", "--workers", "1", fileWith(ECHO)], ["pipe", "pipe", "pipe"]);
    child.stdin?.on("error", () => {});
    const write = () => child.stdin?.write("1\n".repeat(1000));
    child.stdin?.on("drain", write);
    write();
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await ended(child)).toMatchObject({ code: 141, err: "" });
  });

  long("pulls no further inputs while nobody reads its results", async () => {
    const child = startCommand(["map", "-w", "1", "-q", fileWith(ECHO)], ["pipe", "pipe", "pipe"]);
    const line = `"${"x".repeat(100_000)}"\n`;
    let written = 0;
    child.stdin?.on("error", () => {});
    // 200 MB are far more than the pipes and windows between the ends hold.
    while (written < 2000 && child.stdin?.write(line) !== false) written += 1;
    const [first] = await Promise.race([once(child.stdout ?? child, "readable"), once(child, "exit")]);
    expect(first).toBeUndefined();
    for (; written < 2000; written += 1) {
      if (child.stdin?.write(line) !== false) continue;
      const drained = once(child.stdin ?? child, "drain").then(() => true);
      const isDrained = await Promise.race([
        drained,
        new Promise((resolve) => setTimeout(resolve, 1500, false)),
      ]);
      if (isDrained === false) break;
    }
    expect(written).toBeLessThan(2000);
    child.stdout?.resume();
    child.stdin?.end();
    expect(await ended(child)).toMatchObject({ code: 0 });
  });

  long("refuses options that contradict each other, and a file that is missing", async () => {
    const file = fileWith(ECHO);
    const refused = await Promise.all([
      mapped([file, "--key", "id"], ""),
      mapped([`${file}.missing`, "--timeout", "1.5m"], ""),
    ]);
    expect(refused.map(({ code }) => code)).toEqual([2, 2]);
    expect(refused.map(({ err }) => err)).toEqual([
      expect.stringContaining("--key needs --journal FILE"),
      expect.stringContaining("There is no file"),
    ]);
  });
});
