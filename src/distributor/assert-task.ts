import { TaskType } from "../protocol/task-type.ts";
import { assertCount, assertEndpoint, assertTaskType, assertTimeout } from "../role/checks.ts";
import { describeKind } from "../role/known-options.ts";
import { assertMembers, className } from "../role/members.ts";
import { assertRetry } from "./assert-retry.ts";
import { Task } from "./task.ts";

/** @throws TypeError, RangeError when the value is no task, lacks a member, or has one that is wrong or would never be called. */
export function assertTask(task: Task<unknown, object, object>): void {
  if (!(task instanceof Task))
    throw new TypeError(
      `registerTask() takes a Task or a class that extends Task, not ${describeKind(task as unknown)}`,
    );
  assertMembers(task, {
    base: Task.prototype,
    methods: ["initialize", "isAvailableForHandling"],
    oneOf: ["handle", "items"],
    optional: ["resume", "key"],
    fields: ["taskType", "endpoint", "dependencies", "retry", "timeout", "total", "isComplete", "metadata"],
  });
  const name = className(task);
  assertTaskType(`${name}.taskType`, task.taskType);
  assertEndpoint(`${name}.endpoint`, task.endpoint);
  if (!Array.isArray(task.dependencies) || !task.dependencies.every((type) => type instanceof TaskType))
    throw new TypeError(`${name}.dependencies must be an array of TaskType`);
  if (task.key !== undefined && task.resume !== undefined)
    throw new TypeError(
      `${name} has key() and resume(): with key() its items are given from the beginning, and resume() would never be called`,
    );
  if (task.timeout !== undefined) assertTimeout(`${name}.timeout`, task.timeout);
  if (task.total !== undefined) assertCount(`${name}.total`, task.total, 0);
  if (typeof task.isComplete !== "boolean") throw new TypeError(`${name}.isComplete must be true or false`);
  assertRetry(`${name}.retry`, task.retry);
}
