// The code of the watching thread. It watches the main thread, which a handler may block: it reports that to the distributor, and ends the
// process when nothing else can.
import { parentPort, workerData } from "node:worker_threads";
import { ExitLock } from "./exit-lock.ts";
import type { ToWatchThread, WatchThreadData } from "./watch-messages.ts";
import { WatchedWorker } from "./watched-worker.ts";

/** Interval at which the thread looks at the workers' notes, in ms. */
const LOOK_MS = 100;

/** How long the main thread may take to end by itself when the parent has ended, in ms. */
const ORPHAN_MS = 500;

if (parentPort === null) throw new Error("This file is only for the watching thread");
const exitLock = new ExitLock((workerData as WatchThreadData).exitLock);
const workers = new Map<number, WatchedWorker>();
let isReplaceable = false;
let timer: NodeJS.Timeout | undefined;
let lookedAt = 0;

parentPort.on("message", (message: ToWatchThread) => {
  if (message.type === "parent") void endWithParent(message.fd);
  else if (message.type === "replaceable") isReplaceable = true;
  else if (message.type === "watch")
    workers.set(message.id, new WatchedWorker(message.memory, message.report, exitLock, stuck));
  else if (message.type === "begin") begin(message);
  else forget(message.id);
});

function begin({ id, runId, ticket, timeoutMs }: Extract<ToWatchThread, { type: "begin" }>): void {
  workers.get(id)?.begin(runId, ticket, timeoutMs);
  if (timer !== undefined) return;
  lookedAt = performance.now();
  timer = setInterval(look, LOOK_MS);
}

function look(): void {
  const now = performance.now();
  const elapsedMs = now - lookedAt;
  lookedAt = now;
  for (const worker of workers.values()) worker.look(elapsedMs);
}

function forget(id: number): void {
  workers.get(id)?.forget();
  workers.delete(id);
  if (workers.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

function stuck(): void {
  if (isReplaceable) kill();
}

async function endWithParent(fd: number): Promise<void> {
  const { Socket } = await import("node:net");
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on("error", () => {}); // "close" follows
  pipe.once("close", () => setTimeout(kill, ORPHAN_MS));
  pipe.resume();
}

function kill(): void {
  process.kill(process.pid, "SIGKILL");
}
