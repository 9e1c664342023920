import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type CollectionInfo,
  defineCollector,
  definePipeline,
  defineTask,
  defineWorker,
  Pipeline,
  TaskType,
} from "zmqpipeline";

// `npm run check:types` checks these types; at run time nothing is started.
const module = new URL("./square.ts", import.meta.url);
type Squared = (item: { n: number }) => Promise<{ square: number }>;
const tasks = [{ taskType: "square", items: [{ n: 1 }] }];

describe("definePipeline()", () => {
  test("gives the collector's data the type of what the workers return", () => {
    const options = definePipeline({
      tasks,
      workers: defineWorker<Squared>({ module }),
      collector: ({ square }, info) => {
        expectTypeOf(square).toEqualTypeOf<number>();
        expectTypeOf(info).toEqualTypeOf<CollectionInfo>();
      },
    });
    expect(() => new Pipeline(options)).not.toThrow();
  });

  test("refuses a property that no worker returns", () => {
    definePipeline({
      tasks,
      workers: defineWorker<Squared>({ module }),
      // @ts-expect-error: the workers return no such property
      collector: ({ sqare }) => void sqare,
    });
    definePipeline({
      tasks,
      workers: { module },
      collector: ({ square }: { square: number }) => void square,
    });
  });

  test("refuses items that the workers do not take", () => {
    definePipeline({
      tasks: [{ taskType: "square", items: [{ text: "one" }] }],
      // @ts-expect-error: the workers take numbers
      workers: defineWorker<Squared>({ module }),
      collector: () => {},
    });
  });

  test("gives results of any of several kinds of workers", () => {
    definePipeline({
      tasks,
      workers: [
        defineWorker<Squared>({ module, taskType: "square" }),
        defineWorker<(item: { n: number }) => { text: string }>({ module, taskType: "text" }),
      ],
      collector: (data) => {
        expectTypeOf(data).toEqualTypeOf<{ square: number } | { text: string }>();
      },
    });
  });
});

describe("A collector's function", () => {
  test("may have the task type as second of three parameters", () => {
    const collector = (data: { square: number }, taskType: TaskType, info: CollectionInfo) =>
      console.log(data, taskType, info);
    expect(() => new Pipeline({ tasks, workers: { module }, collector })).not.toThrow();
  });

  test("has the type of the results with defineCollector()", () => {
    const collector = defineCollector<Squared>(({ square }) => {
      expectTypeOf(square).toEqualTypeOf<number>();
    });
    expect(() => new Pipeline({ tasks, workers: { module }, collector })).not.toThrow();
  });
});

describe("Task types of a pipeline", () => {
  test("may be given by their names", () => {
    const task = defineTask({
      taskType: "b",
      dependencies: ["a"],
      items: [{ n: 1 }],
      key: ({ n }) => `${n}`,
    });
    const first = defineTask({ taskType: TaskType.register("a"), items: [{ n: 1 }] });
    expect(
      () => new Pipeline({ tasks: [first, task], workers: { module }, collector: () => {} }),
    ).not.toThrow();
    const wrong = { ...task, dependencies: [7 as never] };
    expect(() => new Pipeline({ tasks: [wrong], workers: { module }, collector: () => {} })).toThrow(
      "tasks[0].dependencies[0] must be a TaskType",
    );
  });
});
