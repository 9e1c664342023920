import { describe, expect, test } from "vitest";
import { type Distributor, TaskType } from "../../src/index.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { makeDistributor, NUMBERS, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

describe("Dependencies between tasks", () => {
  const SECOND = TaskType.register("second");
  const THIRD = TaskType.register("third");

  function task(endpoints: PipelineEndpoints, taskType: TaskType, ...dependencies: TaskType[]) {
    class DependentTask extends NumbersTask {
      override readonly taskType = taskType;
      override readonly endpoint = address(taskType === NUMBERS ? endpoints.task : endpoints.second);
      override readonly dependencies = dependencies;
    }
    return new DependentTask(endpoints, 20);
  }

  test("let a dependent task begin only when its dependency is collected", async () => {
    const endpoints = await freshEndpoints("inproc");
    const order: string[] = [];
    class OrderCollector extends NumbersCollector {
      override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
        order.push(`collected ${args[1]}`);
        return undefined;
      }
    }
    class SecondWorker extends NumbersWorker {
      override readonly taskType = SECOND;
      override readonly endpoint = address(endpoints.second);
    }
    const distributor = makeDistributor(endpoints, task(endpoints, SECOND, NUMBERS));
    distributor.registerTask(task(endpoints, NUMBERS));
    const second = new SecondWorker(endpoints, () => {
      order.push("executed second");
      return {};
    });
    const [summary] = await Promise.all([
      distributor.run(),
      new NumbersWorker(endpoints).run(),
      second.run(),
      new OrderCollector(endpoints).run(),
    ]);
    expect(summary.tasks.second).toMatchObject({ items: 20, acked: 20 });
    expect(order.indexOf("executed second")).toBeGreaterThan(order.lastIndexOf("collected numbers"));
  });

  test("that are unknown or cyclic are errors that name the tasks, before anything is sent", async () => {
    const endpoints = await freshEndpoints("tcp");
    const unknown = makeDistributor(endpoints, task(endpoints, SECOND, NUMBERS));
    await expect(unknown.run()).rejects.toThrow(
      new TypeError('Task "second" depends on "numbers", which is not registered with the distributor'),
    );
    const cyclic = makeDistributor(endpoints, task(endpoints, NUMBERS, SECOND));
    cyclic.registerTask(task(endpoints, SECOND, THIRD));
    cyclic.registerTask(task(endpoints, THIRD, NUMBERS));
    await expect(cyclic.run()).rejects.toThrow(
      new TypeError('Task dependencies form a cycle: "numbers" -> "second" -> "third" -> "numbers"'),
    );
  });

  test("refuse two tasks of one type at once", async () => {
    const endpoints = await freshEndpoints("inproc");
    const distributor: Distributor = makeDistributor(endpoints, task(endpoints, NUMBERS));
    expect(() => distributor.registerTask(task(endpoints, NUMBERS))).toThrow(
      new TypeError('Task type "numbers" is registered by two tasks'),
    );
  });
});
