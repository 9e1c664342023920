import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ended, LIBRARY, startCommand } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { long } from "../../support/long.ts";

describe("The command run", () => {
  /** Starts a run of items that take `ms` each, and waits for its first item. */
  function working(ms: number, ...args: string[]) {
    return workingOn(`{ n, ms: ${ms} }`, args);
  }

  async function workingOn(item: string, args: readonly string[] = []) {
    const file = join(tempFolder(), "pipeline.mjs");
    const library = new URL("../../../dist/index.js", import.meta.url).href;
    const worker = new URL("../../fixtures/local-worker.mjs", import.meta.url).href;
    writeFileSync(
      file,
      `import { TaskType } from "${library}";
      function* items() { for (let n = 0; ; n++) yield ${item}; }
      export default {
        tasks: [{ taskType: TaskType.register("wait"), items }],
        workers: { module: "${worker}", exportName: "waits", count: 1 },
        collector: () => {},
      };`,
    );
    const child = startCommand(["run", file, ...args]);
    const outcome = ended(child);
    let text = "";
    while (!/began \d+/.test(text)) text += String(await once(child.stderr ?? child, "data"));
    return { child, outcome, file, worker: Number(/began (\d+)/.exec(text)?.[1]) };
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("lets running items finish after the first %s", async (signal, code) => {
    const { child, outcome } = await working(20);
    child.kill(signal);
    const { code: found, out, err } = await outcome;
    expect(found).toBe(code);
    expect(err).toContain(`${signal}: running work may finish; a second signal ends it at once`);
    const [, items, collected] = /wait: ([\d,]+) items?, ([\d,]+) collected/.exec(out) ?? [];
    expect(items).toBeDefined();
    expect(collected).toBe(items);
  });

  long("lets running items finish when SIGTERM reaches its workers, too", async () => {
    const { child, outcome, worker } = await working(200);
    process.kill(worker, "SIGTERM");
    child.kill("SIGTERM");
    const { code, out, err } = await outcome;
    expect(code).toBe(143);
    expect(err).not.toContain("worker died");
    const [, items, collected] = /wait: ([\d,]+) items?, ([\d,]+) collected/.exec(out) ?? [];
    expect(items).toBeDefined();
    expect(collected).toBe(items);
  });

  long("starts a worker again that got a SIGTERM alone", async () => {
    // The worker tells its process at each item 0.
    const { child, outcome, worker } = await workingOn("{ n: 0, ms: 20 }");
    let text = "";
    child.stderr?.on("data", (data) => {
      text += String(data);
    });
    process.kill(worker, "SIGTERM");
    const next = () =>
      [...text.matchAll(/began (\d+)/g)].map(([, pid]) => Number(pid)).find((pid) => pid !== worker);
    while (next() === undefined) await once(child.stderr ?? child, "data");
    child.kill("SIGINT");
    const { code, out, err } = await outcome;
    expect(code).toBe(130);
    expect(err).toMatch(/worker died and is started again.*SIGTERM/);
    const [, items, collected] = /wait: ([\d,]+) items?, ([\d,]+) collected/.exec(out) ?? [];
    expect(items).toBeDefined();
    expect(collected).toBe(items);
  });

  long("takes a signal that follows at once for an echo, as npx sends one", async () => {
    const { child, outcome } = await working(20);
    child.kill("SIGINT");
    await once(child.stderr ?? child, "data"); // the command reports the signal
    child.kill("SIGINT");
    const { code, out } = await outcome;
    expect(code).toBe(130);
    expect(out).toContain("stopped at");
  });

  long("ends everything at once after the second signal, and says how to go on", async () => {
    const journal = join(tempFolder(), "run.journal");
    const { child, outcome, file, worker } = await working(60_000, "-j", journal);
    child.kill("SIGINT");
    // Not at once: that would be an echo of the first.
    const timer = setTimeout(() => child.kill("SIGINT"), 500);
    onTestFinished(() => clearTimeout(timer));
    const { code, err } = await outcome;
    expect(code).toBe(130);
    expect(err).toContain(`SIGINT: ended at once; go on with zmqpipeline run ${file} -j ${journal}\n`);
    const isAlive = () => {
      try {
        return process.kill(worker, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(isAlive).toBe(false);
  });
});

describe("A role that blocks the command's process", () => {
  const BLOCKS = 'process.stderr.write("blocks\\n"); for (;;);';

  /** Sends SIGINT when the process is blocked, and again when the command has said so. */
  async function interruptedTwice(args: readonly string[]) {
    const child = startCommand(args);
    let sent = 0;
    let all = "";
    child.stderr?.on("data", (chunk: string) => {
      all += chunk;
      const due = all.includes("the process is blocked") ? 2 : all.includes("blocks\n") ? 1 : 0;
      while (sent < due) {
        sent += 1;
        child.kill("SIGINT");
      }
    });
    return await ended(child);
  }

  long("ends at the second signal when it is a run's collector, and the run can go on", async () => {
    const folder = tempFolder();
    const file = join(folder, "pipeline.mjs");
    const journal = join(folder, "run.journal");
    writeFileSync(join(folder, "worker.mjs"), "export default (n) => n;");
    writeFileSync(
      file,
      `export default {
        tasks: [{ taskType: "block", items: [1, 2] }],
        workers: { module: new URL("./worker.mjs", import.meta.url), count: 1 },
        collector: () => { ${BLOCKS} },
      };`,
    );
    const args = ["run", file, "-j", journal, "--stop-timeout", "60s"];
    const { code, err } = await interruptedTwice(args);
    expect(err).toContain("SIGINT: the process is blocked");
    expect(err).toContain(`SIGINT: ended at once; go on with zmqpipeline ${args.join(" ")}\n`);
    expect(code).toBe(130);
  });

  long.each([
    ["collector", "Collector", "ackEndpoint = E; handleCollection() {} get endpoint() { BLOCKS }"],
    ["metadata", "MetaDataWorker", "getMetadata() {} get endpoint() { BLOCKS }"],
  ])("ends at the second signal when it is the role %s", async (role, base, members) => {
    const file = join(tempFolder(), "role.mjs");
    writeFileSync(
      file,
      `import { Collector, EndpointAddress, MetaDataWorker } from "${LIBRARY}";
      const E = new EndpointAddress("ipc://${file}.ipc");
      export class Blocks extends ${base} { ${members.replace("BLOCKS", BLOCKS)} }`,
    );
    const { code, err } = await interruptedTwice([role, file]);
    expect(err).toContain("SIGINT: ended at once");
    expect(code).toBe(130);
  });
});
