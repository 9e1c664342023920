import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { Collector, Distributor, EndpointAddress, ServiceClient, Task, TaskType } from "zmqpipeline";
import { ended, LIBRARY, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const ECHO = TaskType.register("echo");

/** A file with a worker class, and a run of `items` items for it in this process. */
function workerFile(handler: string, items = 4, minWorkers = 1) {
  const folder = tempFolder();
  const [work, results, acks] = ["work", "results", "acks"].map((name) => `ipc://${join(folder, name)}`) as [
    string,
    string,
    string,
  ];
  const file = join(folder, "worker.mjs");
  writeFileSync(
    file,
    `import { EndpointAddress, SingleThreadedWorker, TaskType } from "${LIBRARY}";
    console.log("imported");
    export class Echo extends SingleThreadedWorker {
      taskType = TaskType.register("echo");
      endpoint = new EndpointAddress("${work}");
      collectorEndpoint = new EndpointAddress("${results}");
      handleExecution({ n }) { ${handler} }
    }`,
  );
  class Echoes extends Task<{ n: number }> {
    readonly taskType = ECHO;
    readonly endpoint = new EndpointAddress(work);
    override *items() {
      for (let n = 0; n < items; n++) yield { n };
    }
  }
  class Sink extends Collector {
    readonly endpoint = new EndpointAddress(results);
    readonly ackEndpoint = new EndpointAddress(acks);
    handleCollection(): undefined {}
  }
  const distributor = new Distributor({
    collectorEndpoint: new EndpointAddress(results),
    collectorAckEndpoint: new EndpointAddress(acks),
    minWorkers,
  });
  distributor.registerTask(Echoes);
  const sink = new Sink();
  const done = Promise.all([distributor.run(), sink.run()]);
  onTestFinished(async () => {
    await Promise.all([distributor.stop({ timeout: 0 }), sink.stop({ timeout: 0 })]);
    await done;
  });
  return { file, done };
}

/** Resolves when a process has written a text to stderr. */
function written({ stderr }: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve) => {
    let all = "";
    stderr?.on("data", (chunk: string) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
  });
}

const PRINTS = `console.log("to out", n); console.error("to err", n); return { n };`;

describe("The command worker, with --quiet,", () => {
  long(
    "prints what a worker alone writes to standard error, and its outcome as JSON, but not what it logs",
    async () => {
      const { file, done } = workerFile(PRINTS);
      const outcome = ended(startCommand(["worker", file, "--quiet", "--json"]));
      const [{ tasks }] = await done;
      expect(tasks.echo).toMatchObject({ acked: 4 });
      const { code, out, err } = await outcome;
      expect(JSON.parse(out)).toMatchObject({ schema: 1, role: "worker" });
      expect(err.match(/to err/g)).toHaveLength(4);
      expect(code).toBe(0);
    },
  );

  long("prints of several workers only what they write to standard error", async () => {
    const { file } = workerFile(PRINTS, 4, 2); // a worker that joins after the end would wait for another run
    const { out, err, code } = await ended(startCommand(["worker", file, "--quiet", "--count", "2"]));
    expect(err.match(/\[worker \d\] to err/g)).toHaveLength(4);
    expect(err + out.replace("imported\n", "")).not.toMatch(/to out|imported/);
    expect(code).toBe(0);
  });
});

long("The command run, with --quiet, drops what a service's workers log", async () => {
  const folder = tempFolder();
  const front = `ipc://${join(folder, "front")}`;
  const file = join(folder, "service.mjs");
  writeFileSync(
    file,
    `import { EndpointAddress, Service, ServiceWorker, TaskType } from "${LIBRARY}";
    const backendEndpoint = new EndpointAddress("ipc://${join(folder, "back")}");
    export const service = new Service({ frontendEndpoint: new EndpointAddress("${front}"), backendEndpoint });
    export class Echo extends ServiceWorker {
      taskType = TaskType.register("echo");
      endpoint = backendEndpoint;
      handleMessage({ n }) { ${PRINTS} }
    }`,
  );
  const child = startCommand(["run", file, "--quiet", "--workers", "1"]);
  const outcome = ended(child);
  const client = new ServiceClient(new EndpointAddress(front), { taskType: ECHO, timeout: 20_000 });
  expect(await client.request({ n: 7 })).toEqual({ n: 7 });
  await client.stop();
  child.kill("SIGINT");
  const { out, err } = await outcome;
  expect(err).toContain("[worker 1] to err 7");
  expect(out + err).not.toContain("to out");
});

describe("The command worker, while a handler blocks its process,", () => {
  const BLOCKS = `console.error("began"); for (;;);`;

  long("says so after one signal, and ends within --stop-timeout", async () => {
    const { file } = workerFile(BLOCKS, 1);
    const child = startCommand(["worker", file, "--stop-timeout", "800"]);
    const outcome = ended(child);
    await written(child, "began");
    child.kill("SIGINT");
    const { code, err } = await outcome;
    expect(err).toContain("SIGINT: the process is blocked, by a handler or a hook that does not return");
    expect(err).toContain("what still runs after 800 ms is cut off");
    expect(code).toBe(130);
  });

  long("ends at a second signal", async () => {
    const { file } = workerFile(BLOCKS, 1);
    const child = startCommand(["worker", file, "--stop-timeout", "60000"]);
    const outcome = ended(child);
    await written(child, "began");
    child.kill("SIGINT");
    await written(child, "is blocked");
    child.kill("SIGTERM");
    expect((await outcome).code).toBe(143);
  });
});

long("The command worker is not cut off while a hook that awaits runs at its end", async () => {
  const { file } = workerFile(
    `console.error("began"); return { n }; }
      closeTimeout = 20000;
      async closeWorker() { await new Promise((done) => setTimeout(done, 3000)); console.error("closed");`,
    1_000_000,
  );
  const child = startCommand(["worker", file, "--stop-timeout", "200"]);
  const outcome = ended(child);
  await written(child, "began");
  child.kill("SIGINT");
  const { code, err } = await outcome;
  expect(err).toContain("closed");
  expect(code).toBe(130);
});
