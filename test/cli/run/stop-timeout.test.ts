import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ended, LIBRARY, startCommand, zmqpipeline } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { long } from "../../support/long.ts";

/** Resolves when a process has written a text to stderr. */
async function written(child: ChildProcess, text: string): Promise<void> {
  let all = "";
  for await (const [chunk] of on(child)) {
    all += chunk;
    if (all.includes(text)) return;
  }
}

async function* on(child: ChildProcess) {
  while (child.stderr !== null) yield await once(child.stderr, "data");
}

const HANG = "{ console.error('began'); return new Promise(() => setInterval(() => {}, 1000)); }";

function runOf(
  handler: string,
  items = "[{ n: 1 }]",
  collector = "() => {}",
  onFinished = "() => {}",
): string {
  const folder = tempFolder();
  writeFileSync(join(folder, "worker.mjs"), handler);
  writeFileSync(
    join(folder, "run.mjs"),
    `import { TaskType } from "${LIBRARY}";
    export default {
      tasks: [{ taskType: TaskType.register("hang"), items: ${items} }],
      workers: { module: new URL("./worker.mjs", import.meta.url), count: 1 },
      collector: ${collector},
      onFinished: ${onFinished},
    };`,
  );
  return join(folder, "run.mjs");
}

describe("The command run, after one signal,", () => {
  describe.each([
    [
      "awaits for ever",
      test,
      "export default async () => { console.log('began'); await new Promise(() => setInterval(() => {}, 1000)); };",
    ],
    ["blocks its process", long, "export default () => { console.log('began'); for (;;); };"],
  ] as const)("when an item %s,", (_what, run, handler) => {
    run("ends within --stop-timeout, and says what it waits for", async () => {
      const child = startCommand(["run", runOf(handler), "--stop-timeout", "1500"]);
      const outcome = ended(child);
      await written(child, "began");
      child.kill("SIGINT");
      const { code, err, out } = await outcome;
      expect(code).toBe(130);
      expect(err).toContain("what still runs after 1.5 s is cut off");
      expect(err).toMatch(
        /^waits for hang: 1 item is with workers\. The oldest is item 0: for \S+ m?s with /m,
      );
      expect(out).toContain("hang: 1 item, 0 collected");
    });
  });

  const WORKS = "export default () => 1;";
  describe.each([
    ["the collector", long, () => runOf(WORKS, undefined, `() => ${HANG}`)],
    ["items()", long, () => runOf(WORKS, `async function* () { yield { n: 1 }; await (() => ${HANG})(); }`)],
    ["onFinished()", long, () => runOf(WORKS, undefined, undefined, `() => ${HANG}`)],
    ["initWorker()", long, () => runOf(`export const initWorker = () => ${HANG}; ${WORKS}`)],
  ] as const)("when %s never ends,", (_what, run, file) => {
    run("ends all the same, also where a timer is left that would keep the process", async () => {
      const child = startCommand(["run", file(), "--stop-timeout", "300"]);
      const outcome = ended(child);
      await written(child, "began");
      child.kill("SIGINT");
      expect(await outcome).toMatchObject({
        code: 130,
        signal: null,
        out: expect.stringMatching(/^ {2}hang: /m),
      });
    });
  });

  test("refuses a --stop-timeout that is no time", async () => {
    expect(await zmqpipeline(["run", runOf(""), "--stop-timeout", "soon"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("It must be a time"),
    });
  });
});
