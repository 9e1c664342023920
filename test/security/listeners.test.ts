import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { EndpointAddress, Security } from "../../src/index.ts";
import { listenKeys } from "../../src/security/security.ts";
import type { ListenerHandler } from "../../src/transport/transport.ts";
import { zeromqTransport } from "../../src/transport/zeromq/zeromq-transport.ts";
import { captureLog } from "../support/captured-log.ts";
import { freePort, freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { SECRET, throwEverything } from "../support/hostile.ts";
import { long, longOnLinux } from "../support/long.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { GoodPeers } from "../support/secured-roles.ts";
import { withKeys } from "../support/with-keys.ts";

const logged = captureLog();
const INDEX = fileURLToPath(new URL("../../src/index.ts", import.meta.url));

const deaf: ListenerHandler = {
  onMessage: () => {},
  onDisconnected: () => {},
  onSomeDisconnected: () => {},
  onRefused: () => {},
};

/** Somebody who connects and says nothing; gone when the test ends. */
async function silent(endpoint: string): Promise<Socket> {
  const target = endpoint.startsWith("ipc:")
    ? { path: endpoint.slice("ipc://".length) }
    : { host: "127.0.0.1", port: Number(new URL(endpoint).port) };
  const socket = connect(target);
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket.resume();
}

/** The same, as soon as somebody listens. */
async function silentOnceOpen(endpoint: string): Promise<Socket> {
  for (;;) {
    try {
      return await silent(endpoint);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10)); // the test's deadline ends it
    }
  }
}

/** Runs a program with the library in a process of its own. */
async function runProgram(code: string, options: { limits?: string; env?: Record<string, string> } = {}) {
  const program = `import * as zqp from ${JSON.stringify(INDEX)};\n${code}`;
  const node = [process.execPath, "--import", "tsx", "--input-type=module", "-e", program];
  const limit = options.limits === undefined ? "" : `ulimit ${options.limits};`;
  const env = { ...process.env, ...options.env };
  return await promisify(execFile)("bash", ["-c", `${limit} exec "$@"`, "bash", ...node], {
    env,
    timeout: 20_000,
  });
}

const COLLECTOR = `
  class Sink extends zqp.Collector {
    endpoint = zqp.EndpointAddress.private("data");
    ackEndpoint = zqp.EndpointAddress.private("ack");
    handleCollection() {}
  }
  zqp.configureLogging({
    version: 1,
    handlers: { console: { class: "console" } },
    loggers: { zmqpipeline: { handlers: ["console"], level: "WARNING" } },
  });
  const sink = new Sink();
  const running = sink.run().catch(({ code, message }) => console.log(code, message));
  setTimeout(() => sink.stop(), 200);
  await running;
`;

describe("A secured listener", () => {
  test("that would let a stranger in is not opened: it tests itself at the start", async () => {
    const endpoint = address(`tcp://localhost:${await freePort()}`);
    const { publicKey, secretKey } = Security.generate()[listenKeys]("collector", ["worker"]);
    const open = { publicKey, secretKey, allows: () => true, watch: () => () => {} };
    await expect(
      zeromqTransport.listen(endpoint, deaf, { maxConnections: 10, keys: open }),
    ).rejects.toMatchObject({
      code: "SELF_TEST_FAILED",
      message: /a stranger's key was let in/,
    });
    const shut = { ...open, allows: () => false };
    await (await zeromqTransport.listen(endpoint, deaf, { maxConnections: 10, keys: shut })).close();
    expect(logged()).toEqual([]); // nor is the stranger talked about
  });

  test("on every interface, and by another name than peers use, has its self-test too", async () => {
    const [port, ackPort] = [await freePort(), await freePort()];
    const endpoint = new EndpointAddress(`tcp://127.0.0.1:${port}`, { bind: `tcp://*:${port}` });
    const keys = Security.generate()[listenKeys]("collector", ["worker"]);
    await (await zeromqTransport.listen(endpoint, deaf, { maxConnections: 10, keys })).close();
    const ipv6 = address(`tcp://[::1]:${ackPort}`);
    await (await zeromqTransport.listen(ipv6, deaf, { maxConnections: 10, keys })).close();
  });

  test("survives hostile connections", async () => {
    const good = await GoodPeers.start(Security.generate());
    const { task, collector, ack, metadata } = good.endpoints;
    for (const endpoint of [task, collector, ack, metadata, good.service.front, good.service.back])
      await throwEverything(endpoint);
    await good.work();
    expect(logged().join("\n")).not.toContain(SECRET);
  });
});

describe("Connections", () => {
  test.each(["tcp", "ipc"] as const)(
    "are limited, and a waiting peer gets in when there is room: %s",
    async (scheme) => {
      const endpoints = await freshEndpoints(scheme);
      const run = makeDistributor(endpoints, new NumbersTask(endpoints, 10), { maxConnections: 2 }).run();
      const first = await silentOnceOpen(endpoints.task);
      const strangers = [first, await silent(endpoints.task), await silent(endpoints.task)];
      await expect.poll(logged).toContainEqual(expect.stringContaining("more than maxConnections allows"));
      const collector = new NumbersCollector(endpoints);
      const others = Promise.all([collector.run(), new NumbersWorker(endpoints).run()]);
      for (const stranger of strangers) stranger.destroy();
      await Promise.all([run, others]);
      expect(collector.hasEachOnce(10)).toBe(true);
    },
  );

  test("with keys are refused one by one, and no good peer is", async () => {
    const endpoints = await freshEndpoints("tcp");
    const security = Security.generate();
    const task = new LongTask(endpoints);
    const collector = withKeys(new NumbersCollector(endpoints), security);
    const run = makeDistributor(endpoints, task, { security, maxConnections: 1 }).run();
    const first = withKeys(new NumbersWorker(endpoints), security);
    const done = Promise.all([run, collector.run(), first.run()]);
    await expect.poll(() => collector.seen.size).toBeGreaterThan(10);
    let executed = 0;
    const count = (data: { n: number }) => {
      executed += 1;
      return data;
    };
    const second = withKeys(new NumbersWorker(endpoints, count), security).run();
    await expect.poll(logged).toContainEqual(expect.stringContaining("no room for 127.0.0.1"));
    await expect.poll(logged).toContainEqual(expect.stringContaining("the peer has no room just now"));
    const seen = collector.seen.size;
    await expect.poll(() => collector.seen.size).toBeGreaterThan(seen + 10);
    expect(executed).toBe(0);
    await first.stop();
    await expect.poll(() => executed).toBeGreaterThan(10);
    task.isWanted = false;
    await Promise.all([done, second]);
  });

  long("of silent peers end after the time for the handshake", async () => {
    const endpoints = await freshEndpoints("tcp");
    await using collector = new NumbersCollector(endpoints);
    const running = collector.run();
    const secured = address(`tcp://localhost:${await freePort()}`);
    const keys = Security.generate()[listenKeys]("collector", ["worker"]);
    const listener = await zeromqTransport.listen(secured, deaf, { maxConnections: 10, keys });
    const first = await silentOnceOpen(endpoints.collector);
    const strangers = [first, await silent(secured.address)];
    await Promise.all(strangers.map(async (stranger) => await once(stranger, "close")));
    await listener.close();
    await collector.stop();
    await running;
  });
});

describe("An ipc socket", () => {
  test("is this user's alone, whatever the mask says", async () => {
    const endpoints = await freshEndpoints("ipc");
    const mask = process.umask(0);
    onTestFinished(() => void process.umask(mask));
    const { path } = { path: endpoints.collector.slice("ipc://".length) };
    const listener = await zeromqTransport.listen(address(endpoints.collector), deaf, {
      maxConnections: 10,
      keys: undefined,
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(0);
    await listener.close();
  });

  long("of a private endpoint is in a folder that no other user can enter", async () => {
    const temp = tempFolder();
    const { stdout } = await runProgram(COLLECTOR, { env: { TMPDIR: temp } });
    expect(stdout).toBe("");
    const folder = dirname(EndpointAddress.private("data").bindAddress.slice("ipc://".length));
    expect(statSync(join(temp, folder.slice(folder.lastIndexOf("/")))).mode & 0o777).toBe(0o700);
    expect(() => EndpointAddress.private("../x")).toThrow(TypeError);
  });

  long("is not opened in a private folder that others can enter", async () => {
    const temp = tempFolder();
    const folder = join(temp, `zmqpipeline-${process.getuid?.()}`);
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const { stdout } = await runProgram(COLLECTOR, { env: { TMPDIR: temp } });
    expect(stdout).toMatch(/^IPC_PATH_UNSAFE .*nobody else can enter/);
  });

  test.runIf(process.getuid?.() === 0)("of another user is not spoken to", async () => {
    const endpoints = await freshEndpoints("ipc");
    const listener = await zeromqTransport.listen(address(endpoints.task), deaf, {
      maxConnections: 10,
      keys: undefined,
    });
    chownSync(endpoints.task.slice("ipc://".length), 12_345, 12_345);
    await expect(new NumbersWorker(endpoints).run()).rejects.toMatchObject({
      code: "IPC_PATH_UNSAFE",
      message: /belongs to another user/,
    });
    await listener.close();
  });
});

longOnLinux("few file descriptors are warned of at the start", async () => {
  const { stderr, stdout } = await runProgram(COLLECTOR, { limits: "-n 300", env: { TMPDIR: tempFolder() } });
  expect(stdout + stderr).toMatch(/few files may be open .*limit=300 maxConnections=4096/);
});
