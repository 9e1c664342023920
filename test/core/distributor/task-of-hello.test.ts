import { expect, test } from "vitest";
import { TaskLedger } from "../../../src/core/distributor/task-ledger.ts";
import { taskOfHello } from "../../../src/core/distributor/task-of-hello.ts";
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
  expect(taskOfHello(hello, tasks, undefined)).toBe(a);
  expect(taskOfHello(hello, tasks, worker)).toBe(a);
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
  expect(taskOfHello({ ...hello, ...fields }, tasks, worker)).toBe(reason);
});
