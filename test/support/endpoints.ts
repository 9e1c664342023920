import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { EndpointScheme } from "../../src/index.ts";
import type { PipelineEndpoints, ServiceEndpoints } from "./endpoints-of.ts";

/** A folder that is removed when the test ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "zqp-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The system gives the ports above to any process that connects somewhere: one of them may be taken before it is bound. */
const PORTS = { from: 15_000, to: 32_000 } as const;

/** Test files run side by side, each in a process with a number: each number has ports of its own. */
const SHARE = 2_000;
const firstPort = PORTS.from + ((Number(process.env.VITEST_POOL_ID ?? 1) - 1) % 8) * SHARE;
let nextPort = Math.floor(Math.random() * SHARE);

/** A port that was free a moment ago, and another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + (nextPort++ % SHARE);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

let names = 0;

/** Makes addresses that no other test has. */
function addressMaker(scheme: EndpointScheme): (name: string) => Promise<string> {
  const folder = scheme === "ipc" ? tempFolder() : "";
  return async (name) => {
    if (scheme === "tcp") return `tcp://localhost:${await freePort()}`;
    return scheme === "ipc" ? `ipc://${folder}/${name}` : `inproc://${name}-${++names}`;
  };
}

/** Fresh addresses of a service. */
export async function serviceEndpoints(scheme: EndpointScheme): Promise<ServiceEndpoints> {
  const fresh = addressMaker(scheme);
  return { front: await fresh("front"), back: await fresh("back") };
}

/** Fresh addresses for the roles of one test. */
export async function freshEndpoints(scheme: EndpointScheme): Promise<PipelineEndpoints> {
  const fresh = addressMaker(scheme);
  return {
    task: await fresh("task"),
    second: await fresh("second"),
    collector: await fresh("collector"),
    ack: await fresh("ack"),
    metadata: await fresh("metadata"),
  };
}
