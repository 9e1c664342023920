import { assertTask } from "../distributor/assert-task.ts";
import type { RegisteredTask } from "../distributor/task.ts";
import { at, makeTasks } from "../pipeline/local-roles.ts";
import { NO_ENDPOINT } from "../role/network.ts";
import type { ResolvedTest } from "./check-options.ts";

/** New tasks for a start of the distributor. @throws TypeError, RangeError when one is wrong. */
export function registeredTasks(tasks: ResolvedTest["tasks"]): RegisteredTask[] {
  return makeTasks(tasks).map((task) => {
    const made = at(task, { endpoint: NO_ENDPOINT });
    assertTask(made);
    return made;
  });
}
