import { expect, test } from "vitest";
import { admissionOf } from "../../../src/core/distributor/admission-of-hello.ts";
import { TaskLedger } from "../../../src/core/distributor/task-ledger.ts";
import { WorkerRecord } from "../../../src/core/distributor/worker-record.ts";
import type { Hello } from "../../../src/protocol/batch-message.ts";

const ledger = (name: string) =>
  new TaskLedger({
    name,
    dependencies: [],
    retry: { attempts: 3, backoff: 100, maxBackoff: 100 },
    timeoutMs: 0,
    source: { pull: () => "done" },
  });
const [a, b] = [ledger("a"), ledger("b")];
const tasks = new Map([a, b].map((task) => [task.name, task]));
const worker = new WorkerRecord(
  { peerId: "w", ticket: "" },
  a,
  "c",
  { maxWindow: 100, windowBytes: 1e6, windowTimeMs: 300 },
  0,
);
const hello: Hello = {
  type: "hello",
  runId: "",
  role: "worker",
  peerId: "w",
  taskType: "a",
  ticket: "",
  held: [],
};

test("A hello at a distributor leads to its task, also when the worker is known", () => {
  const fresh = { known: undefined, present: undefined, isProven: true };
  expect(admissionOf(hello, fresh, tasks)).toEqual({ kind: "admitted", task: a, isKnown: false });
  const again = { known: worker, present: worker, isProven: true };
  expect(admissionOf(hello, again, tasks)).toEqual({ kind: "admitted", task: a, isKnown: true });
});

test.each([
  [
    "has another role",
    { role: "collector" },
    "workers connect here, and this peer says that it is a collector",
  ],
  ["has no id", { peerId: "" }, "a worker needs an id of its own"],
  ["names no task", { taskType: "x" }, 'no task "x" is registered with the distributor'],
  [
    "has the id of another task's worker",
    { taskType: "b" },
    'a worker of task "a" has the same id: each worker needs an id of its own',
  ],
] as const)("A hello at a distributor that %s is refused with the reason", (_case, fields, reason) => {
  const workers = { known: worker, present: undefined, isProven: true };
  expect(admissionOf({ ...hello, ...fields }, workers, tasks)).toEqual({ kind: "refused", reason });
});

test("A hello on the connection of another worker is refused with the reason", () => {
  const workers = { known: undefined, present: worker, isProven: true };
  const reason = 'worker "w" has said hello on this connection, and a connection has one worker';
  expect(admissionOf({ ...hello, peerId: "v" }, workers, tasks)).toEqual({ kind: "refused", reason });
});

test("A hello with the id of another worker, and without its ticket, is not answered", () => {
  const workers = { known: worker, present: undefined, isProven: false };
  expect(admissionOf(hello, workers, tasks)).toEqual({ kind: "impostor" });
});
