import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { map, readJournal } from "zmqpipeline";
import { ended, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = "export default (n) => { if (n === 13) throw new RangeError('unlucky'); return n; };";

function moduleFile(): string {
  const file = join(tempFolder(), "f.mjs");
  writeFileSync(file, MODULE);
  return file;
}

/** Runs `zmqpipeline map` without processes of workers. @returns What it has written to standard error. */
async function errorsOf(file: string, input: string, ...args: string[]): Promise<string> {
  const child = startCommand(
    ["map", file, "-w", "0", "-q", "--retry", "1", ...args],
    ["pipe", "pipe", "pipe"],
  );
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  return (await ended(child)).err;
}

const here = { workers: 0, retry: { attempts: 1 } } as const;

test("Inputs that the journal of map() does not know are refused in the words of map()", async () => {
  const [file, journal] = [moduleFile(), join(tempFolder(), "map.journal")];
  const mapped = (inputs: readonly number[], options: object = {}) =>
    map<number>(inputs, file, { ...here, journal, ...options }).toArray();
  // The iterator closes before all is done, so that the run in the journal is not complete.
  for await (const _ of map([1, 2, 3], file, { ...here, journal })) if (_ === 3) break;
  await expect(mapped([1, 5, 3])).rejects.toMatchObject({
    code: "JOURNAL_MISMATCH",
    message: expect.stringMatching(
      /^The inputs are not those of the journal: .*input.*There are two remedies: .*give map\(\) a key/,
    ),
  });
  await expect(mapped([1])).rejects.toThrow(
    /^The inputs are not those of the journal: there are 1 where there were 3, input 1/,
  );
  await expect(mapped([1, 2, 3], { key: String })).rejects.toThrow(
    /its inputs had no keys, and key\(\) of map\(\) is there now/,
  );
  expect(() => map([1], file, { ...here, journal: { path: journal, keep: true } })).toThrow(
    "journal.keep needs key",
  );
});

long("Inputs that the journal of the command map does not know are refused in its options", async () => {
  const [file, journal, keyed] = [
    moduleFile(),
    join(tempFolder(), "map.journal"),
    join(tempFolder(), "keyed.journal"),
  ];
  const go = (input: string, path: string, ...args: string[]) =>
    errorsOf(file, input, "--journal", path, ...args);
  await go("1\n2\nthis is no input\n", journal);
  expect(await go("1\n5\n3\n", journal)).toMatch(
    /: The inputs are not those of the journal: .*begin with another journal and give --key FIELD/,
  );
  expect(await go('{"n":1}\n', journal, "--key", "n")).toContain(
    "its inputs had no keys, and --key is there now",
  );
  expect(await go('{"n":1}\n{"n":""}\n', keyed, "--key", "n")).toContain(
    "--key returned a string of 0 characters for input 1",
  );
  expect(await go('{"n":1}\n', keyed)).toContain("its inputs had keys, and --key is missing now");
});

long("A journal of map() has failed inputs as they were given, with their place", async () => {
  const [file, journal] = [moduleFile(), join(tempFolder(), "map.journal")];
  await map([1, 13], file, { ...here, journal, settled: true }).toArray();
  expect(readJournal(journal).failures).toMatchObject([{ data: 13, index: 1 }]);
  const { out } = await ended(startCommand(["journal", "failed", journal]));
  expect(out).toMatch(/RangeError: unlucky\n(?: {2}at .*\n)? {2}input 2 {2}13\n$/);
});

long("The command map does not say that a run is complete whose inputs broke off", async () => {
  const child = startCommand(["map", moduleFile(), "-w", "0"], ["pipe", "pipe", "pipe"]);
  child.stdin?.end("1\n2\nx\n");
  const { code, err } = await ended(child);
  expect(code).toBe(1);
  expect(err).toMatch(/^ended early after .*, because the other inputs cannot be read\n {2}map: 2 items/m);
  expect(err).not.toContain("complete");
});
