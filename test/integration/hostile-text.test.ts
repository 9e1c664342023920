import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import * as zmq from "zeromq";
import type { Message } from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { isVisible } from "../../src/structures/visible-text.ts";
import { captureLog } from "../support/captured-log.ts";
import { ended, LIBRARY, startCommand, zmqpipeline } from "../support/command.ts";
import { freePort, freshEndpoints, serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { expectShown, HOSTILE } from "../support/hostile-text.ts";
import { long } from "../support/long.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { running } from "../support/running-service.ts";

const logged = captureLog();

/** A peer that speaks the protocol, and is no role of the library. */
class RawPeer {
  readonly #dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });

  constructor(endpoint: string) {
    this.#dealer.connect(endpoint.replace("localhost", "127.0.0.1"));
    onTestFinished(() => this.#dealer.close());
  }

  async send(message: Message): Promise<void> {
    await this.#dealer.send(encodeMessage(message));
  }

  /** The next message of a type. */
  async receive<T extends Message["type"]>(type: T): Promise<Extract<Message, { type: T }>> {
    for (;;) {
      const message = decodeMessage(await this.#dealer.receive());
      if (message.type === "ping") await this.send({ type: "pong", runId: message.runId });
      if (message.type === type) return message as Extract<Message, { type: T }>;
    }
  }
}

type Hello = Extract<Message, { type: "hello" }>;
const hello: Hello = {
  type: "hello",
  runId: "",
  role: "worker",
  peerId: "w",
  taskType: "numbers",
  ticket: "",
  held: [],
};

describe("A name with hidden characters", () => {
  const changes: readonly Partial<Hello>[] = [
    { peerId: HOSTILE },
    { peerId: "w\u202e" },
    { taskType: "__proto__" },
    { peerId: "w".repeat(256) },
    { taskType: "numbers\u200b" },
    { runId: "\u001b[2J" },
  ];

  async function expectRefused(endpoints: readonly string[]): Promise<void> {
    for (const endpoint of endpoints) {
      for (const change of changes) {
        const peer = new RawPeer(endpoint);
        await peer.send({ ...hello, ...change });
        expect((await peer.receive("refuse")).reason).toMatch(
          /^A name .* must be a string of at most 255 bytes/,
        );
      }
    }
    const lines = logged().filter((line) => line.includes("refused"));
    expect(lines.length).toBeGreaterThan(0);
    expect(logged().join("\n")).not.toMatch(/owned|peer=worker/);
  }

  long("is refused by distributor and collector, whose log does not have it", async () => {
    const endpoints = await freshEndpoints("tcp");
    const metadataEndpoint = address(endpoints.metadata);
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 1), {
      receiveMetadata: true,
      metadataEndpoint,
    });
    const collector = new NumbersCollector(endpoints);
    const roles = Promise.all([distributor.run(), collector.run()]);
    try {
      await expectRefused([endpoints.task, endpoints.metadata, endpoints.collector, endpoints.ack]);
    } finally {
      await Promise.all([distributor.stop({ timeout: 0 }), collector.stop({ timeout: 0 }), roles]);
    }
  });

  test("is refused by a service, for workers and clients", async () => {
    const endpoints = await serviceEndpoints("tcp");
    await running(endpoints, []);
    await expectRefused([endpoints.front, endpoints.back]);
  });
});

test("A log of any kind has what a hostile handler throws without control characters", async () => {
  const endpoints = await freshEndpoints("inproc");
  const worker = new NumbersWorker(endpoints, () => {
    throw Object.assign(new RangeError(HOSTILE), { code: HOSTILE });
  });
  const task = new NumbersTask(endpoints, 1);
  const collector = new NumbersCollector(endpoints);
  await Promise.all([makeDistributor(endpoints, task).run(), collector.run(), worker.run()]);
  const lines = logged().filter((line) => line.includes("owned"));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expectShown(line);
});

/** Writes a file with a task and a collector. @returns The file, and where workers connect. */
async function rolesFile() {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const file = join(tempFolder(), "roles.mjs");
  writeFileSync(
    file,
    `import { Collector, EndpointAddress, Task, TaskType } from ${JSON.stringify(LIBRARY)};
    const [WORK, DATA, ACK] = ${JSON.stringify(ports)}.map((port) => new EndpointAddress("tcp://localhost:" + port));
    export class Numbers extends Task {
      taskType = TaskType.register("numbers"); endpoint = WORK;
      *items() { for (let n = 0; n < 4; n++) yield { n }; }
    }
    export class All extends Collector { endpoint = DATA; ackEndpoint = ACK; handleCollection() {} }`,
  );
  return { file, endpoint: `tcp://localhost:${ports[0]}` };
}

/** A failure whose every field is hostile. */
const error = {
  name: HOSTILE,
  message: HOSTILE,
  stack: `Error: x\n    at ${HOSTILE} (/a.js:1:1)`,
  code: HOSTILE,
};

long("What a hostile worker reports is shown by all commands without control characters", async () => {
  const { file, endpoint } = await rolesFile();
  const journal = join(tempFolder(), "run.journal");
  const roles = [
    ended(startCommand(["distributor", file, "--journal", journal])),
    ended(startCommand(["collector", file])),
  ];
  const peer = new RawPeer(endpoint);
  await peer.send(hello); // is kept until the distributor listens
  const { runId } = await peer.receive("welcome");
  await peer.send({ type: "ready", runId, concurrency: 1 });
  const top = ended(startCommand(["top", endpoint, "--interval", "0.1"]));
  const uses = [["status"], ["status", "--json"], ["status", "--prometheus"], ["explain", "numbers/3"]];
  const looks = uses.map(([command = "", ...more]) => zmqpipeline([command, endpoint, ...more]));
  for (let failed = 0; failed < 4; ) {
    const { items } = await peer.receive("grant");
    for (const { seq, attempt } of items) {
      // The last item waits until all have looked.
      if (seq === 3) await Promise.all(looks);
      await peer.send({ type: "fail", runId, seq, attempt, retryable: false, error });
    }
    failed += items.length;
  }
  const [distributor, collector] = await Promise.all(roles);
  expect(distributor?.out).toMatch(/^complete in/);
  expectShown(collector?.out ?? "");
  expectShown(collector?.err ?? "");
  expectShown((await zmqpipeline(["journal", "failed", journal])).out);
  expectShown((await zmqpipeline(["journal", "failed", journal, "--json"])).out);
  for (const { out } of await Promise.all([...looks, top])) {
    expect(out).toContain("numbers");
    for (const line of out.split("\n")) expect([line, isVisible(line)]).toEqual([line, true]);
  }
});

/** Runs `zmqpipeline map`. @param inputs - What it reads. */
async function mapped(args: readonly string[], inputs: string) {
  const child = startCommand(["map", ...args], ["pipe", "pipe", "pipe"]);
  child.stdin?.end(inputs);
  return await ended(child);
}

describe.each([["1"], ["0"]])("The command map with --workers %s", (workers) => {
  long("shows the output, results and errors of a hostile function without control characters", async () => {
    const folder = tempFolder();
    const [file, failures] = [join(folder, "hostile.mjs"), join(folder, "failed.ndjson")];
    writeFileSync(
      file,
      `const HOSTILE = ${JSON.stringify(HOSTILE)};
      export default (input) => {
        console.log(HOSTILE);
        if (input === 0) return HOSTILE;
        const error = new Error(HOSTILE, { cause: new RangeError(HOSTILE) });
        throw Object.assign(error, { name: HOSTILE, code: HOSTILE });
      };`,
    );
    const inputs = `0\n1\n${JSON.stringify(HOSTILE)}\n`;
    const { out, err, code } = await mapped([file, "--workers", workers, "--failed", failures], inputs);
    expect(code).toBe(3);
    expectShown(out);
    expect(typeof JSON.parse(out)).toBe("string");
    // Code in the command's own process prints what it likes, on lines of its own.
    expectShown(
      workers === "0" ? err.replaceAll(/^(?=complete in 0\.1 s|zmqpipeline: all is well)/gm, "> ") : err,
    );
    const lines = readFileSync(failures, "utf8").trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expectShown(`owned ${line}`);
  });
});

long("The command map shows what a hostile program writes without control characters", async () => {
  const program = join(tempFolder(), "program.mjs");
  writeFileSync(
    program,
    `process.stderr.write(${JSON.stringify(`${HOSTILE}\n`)});
    process.exitCode = 3;`,
  );
  const { err } = await mapped(["--exec", `${process.execPath} ${program}`, "--workers", "1"], "1\n");
  expectShown(err);
});

long(
  "Hostile names of task types, files, options and endpoints are shown without control characters",
  async () => {
    const file = join(tempFolder(), "types.mjs");
    writeFileSync(
      file,
      `export default {
      tasks: [{ taskType: ${JSON.stringify(HOSTILE)}, items: [1] }],
      workers: { module: import.meta.url }, collector() {},
    };`,
    );
    const given = HOSTILE.slice(0, -1); // an argument of a process has no lone surrogate
    const uses = [
      ["run", file],
      ["run", `${given}.mjs`],
      [given],
      ["run", file, `--${given}`],
      ["status", given],
    ];
    for (const args of [...uses, ["journal", "show", given], ["keys", "add", "worker", given]]) {
      const { err, code } = await zmqpipeline(args);
      expect(code).not.toBe(0);
      expectShown(err);
    }
  },
);
