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

  test("refuses every property of results of which nothing is known", () => {
    // @ts-expect-error: the file may return anything
    definePipeline({ tasks, workers: { module }, collector: ({ square }) => void square });
    // @ts-expect-error: the file may return anything
    definePipeline({ tasks, workers: defineWorker({ module }), collector: ({ square }) => void square });
    definePipeline({
      tasks,
      workers: [defineWorker<Squared>({ module, taskType: "a" }), { module, taskType: "b" }],
      // @ts-expect-error: one of the files may return anything
      collector: ({ square }) => void square,
    });
    // @ts-expect-error: the results may be anything
    expect(defineCollector(({ square }) => void square)).toBeTypeOf("function");
  });

  test("refuses every property of items and metadata of which nothing is known", () => {
    const workers = { module };
    const collector = () => {};
    const short = new Pipeline({
      // @ts-expect-error: only defineTask() knows the items
      tasks: [{ taskType: "a", items: [{ n: 1 }], key: ({ n }) => `${n}` }],
      workers,
      collector,
    });
    expect(short).toBeDefined();
    // @ts-expect-error: the metadata may be anything
    const task = defineTask({ taskType: "b", items: ({ most }) => [{ most }] });
    expect(() => new Pipeline({ tasks: [task], workers, collector })).not.toThrow();
  });

  test("demands the metadata that the items of tasks expect, with defineTask() as well", () => {
    const numbers = function* ({ most }: { most: number }) {
      for (let n = 0; n < most; n++) yield { n };
    };
    const task = defineTask({ taskType: "square", items: numbers, key: ({ n }) => n.toFixed() });
    const workers = defineWorker<Squared>({ module });
    const collector = () => {};
    definePipeline({ metadata: { most: 3 }, tasks: [task], workers, collector });
    // @ts-expect-error: the items expect `most`
    definePipeline({ metadata: { mots: 3 }, tasks: [task], workers, collector });
    // @ts-expect-error: the items expect metadata
    definePipeline({ tasks: [task, ...tasks], workers, collector });
    // @ts-expect-error: the items expect metadata
    definePipeline({ tasks: [{ taskType: "square", items: numbers }], workers, collector });
    const plain = defineTask({ taskType: "square", items: () => [{ n: 1 }] });
    expect(definePipeline({ tasks: [plain], workers, collector }).tasks).toEqual([plain]);
  });

  test("refuses items that the workers do not take", () => {
    definePipeline({
      tasks: [{ taskType: "square", items: [{ text: "one" }] }],
      // @ts-expect-error: the workers take numbers
      workers: defineWorker<Squared>({ module }),
      collector: () => {},
    });
  });

  test("refuses one of several kinds of workers that takes the items of no task", () => {
    const measure = defineWorker<(item: { text: string }) => number>({ module, taskType: "measure" });
    const square = defineWorker<Squared>({ module, taskType: "square" });
    const both = [...tasks, { taskType: "measure", items: [{ text: "one" }] }];
    const mixed = [
      { taskType: "square", items: [{ n: 1 }] },
      { taskType: "measure", items: [{ text: "one" }] },
    ] as const;
    definePipeline({ tasks: mixed, workers: [square, measure], collector: () => {} });
    definePipeline({ tasks: mixed, workers: [square, { module, taskType: "measure" }], collector: () => {} });
    definePipeline({ tasks: both, workers: [square, measure], collector: () => {} });
    const dates = defineWorker<(item: Date) => number>({ module, taskType: "measure" });
    definePipeline({
      tasks: mixed,
      // @ts-expect-error: no task has dates
      workers: [square, dates],
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
