import { assertCount, assertOwnEndpoint, assertTimeout, toTaskType } from "../role/checks.ts";
import { describeKind } from "../role/known-options.ts";
import { assertMembers, className } from "../role/members.ts";
import { assertRetry } from "./assert-retry.ts";
import { type AnyTask, type RegisteredTask, TASK_FIELDS, Task } from "./task.ts";

/**
 * Checks a task, and replaces the names of task types by the types.
 *
 * @throws TypeError, RangeError when the value is no task, lacks a member, or has one that is wrong or would never be called.
 */
export function assertTask(task: AnyTask): asserts task is RegisteredTask {
  if (!(task instanceof Task))
    throw new TypeError(
      `registerTask() takes a Task or a class that extends Task, not ${describeKind(task as unknown)}`,
    );
  assertMembers(task, {
    base: Task.prototype,
    methods: ["initialize", "isAvailableForHandling"],
    oneOf: ["handle", "items"],
    optional: ["resume", "key"],
    fields: TASK_FIELDS,
  });
  const name = className(task);
  const taskType = toTaskType(`${name}.taskType`, task.taskType);
  assertOwnEndpoint(`${name}.endpoint`, task.endpoint);
  if (!Array.isArray(task.dependencies))
    throw new TypeError(`${name}.dependencies must be an array of TaskType, or of names of task types`);
  const dependencies = task.dependencies.map((type, index) =>
    toTaskType(`${name}.dependencies[${index}]`, type),
  );
  replace(task, "taskType", taskType);
  if (dependencies.some((type, index) => type !== task.dependencies[index]))
    replace(task, "dependencies", dependencies);
  if (task.key !== undefined && task.resume !== undefined)
    throw new TypeError(
      `${name} has key() and resume(): with key() its items are given from the beginning, and resume() would never be called`,
    );
  if (task.timeout !== undefined) assertTimeout(`${name}.timeout`, task.timeout);
  if (task.total !== undefined) assertCount(`${name}.total`, task.total, 0);
  if (typeof task.isComplete !== "boolean") throw new TypeError(`${name}.isComplete must be true or false`);
  assertRetry(`${name}.retry`, task.retry);
}

function replace(task: AnyTask, name: string, value: unknown): void {
  if (Reflect.get(task, name) !== value)
    Object.defineProperty(task, name, { value, configurable: true, enumerable: true, writable: true });
}
