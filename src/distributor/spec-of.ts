import { resolveRetryPolicy } from "../core/distributor/retry-policy.ts";
import type { TaskSpec } from "../core/distributor/task-spec.ts";
import type { RegisteredTask } from "./task.ts";

/** What the core needs to know of a user's task, as far as the task itself says it. */
export function specOf(
  task: RegisteredTask,
): Pick<TaskSpec, "name" | "address" | "dependencies" | "retry" | "timeoutMs"> {
  const { timeout = Number.POSITIVE_INFINITY } = task;
  return {
    name: task.taskType.name,
    address: task.endpoint.address,
    dependencies: task.dependencies.map(({ name }) => name),
    retry: resolveRetryPolicy(task.retry),
    timeoutMs: timeout === Number.POSITIVE_INFINITY ? 0 : Math.ceil(timeout),
  };
}
