import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { freePort } from "../../examples/support/free-port.ts";

/** Longest start of the server. */
const START_MS = 10_000;

/** Does the work with a Redis server: on the loopback address, without files, stopped at the end. The work gets its port. */
export async function withRedis<T>(work: (port: number) => Promise<T>): Promise<T> {
  install();
  const port = await freePort();
  const flags = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(String);
  const server = spawn("redis-server", flags, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await ready(server);
    return await work(port);
  } finally {
    const closed = once(server, "close");
    server.kill("SIGKILL");
    await closed;
  }
}

async function ready(server: ChildProcess): Promise<void> {
  if (server.stdout === null) throw new Error("redis-server has no output");
  const timer = setTimeout(() => server.kill("SIGKILL"), START_MS);
  let isReady = false;
  for await (const line of createInterface(server.stdout)) {
    if (!line.includes("Ready to accept connections")) continue;
    isReady = true;
    break;
  }
  clearTimeout(timer);
  if (!isReady) throw new Error("redis-server did not start");
  server.stdout.resume();
}

/** Installs the server from Debian's packages where it is missing. */
function install(): void {
  const isThere = () => spawnSync("redis-server", ["--version"]).status === 0;
  if (isThere()) return;
  console.error("redis-server is not installed: apt-get install redis-server");
  const flags = ["install", "--yes", "--no-install-recommends", "redis-server"];
  spawnSync("apt-get", flags, { stdio: ["ignore", "ignore", "inherit"] });
  if (!isThere()) throw new Error("BullMQ needs redis-server, which could not be installed");
}
