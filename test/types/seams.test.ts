import { describe, expect, expectTypeOf, test } from "vitest";
import {
  Collector,
  createPool,
  definePipeline,
  defineWorker,
  type Failure,
  MetaDataWorker,
  Pipeline,
  type Pool,
  type SingleThreadedWorker,
  Task,
} from "zmqpipeline";

// `npm run check:types` checks these types; at run time nothing is started.
const module = new URL("./square.ts", import.meta.url);
const tasks = [{ taskType: "square", items: [{ n: 1 }] }];
type Squared = (item: { n: number }) => { square: number };
type Limited = new () => SingleThreadedWorker<{ n: number }, { square: number }, { most: number }>;

class Gated extends Task<{ n: number }, { most: number }, { last: number }> {
  static taskType = "square";
  override *items() {
    yield { n: 1 };
  }
}

describe("definePipeline() carries", () => {
  const workers = defineWorker<Squared>({ module });

  test("the metadata that classes and functions expect", () => {
    class Last extends Collector<{ square: number }, { last: number }, { first: number }> {
      handleCollection() {
        return { last: 1 };
      }
    }
    class Metadata extends MetaDataWorker<{ most: number; first: number }> {
      getMetadata() {
        return { most: 3, first: 1 };
      }
    }
    const options = definePipeline({
      tasks: [Gated],
      workers,
      collector: Last,
      metadata: { most: 1, first: 2 },
    });
    expect(() => new Pipeline(options)).not.toThrow();
    definePipeline({ tasks: [Gated], workers, collector: Last, metadata: Metadata });
    // @ts-expect-error: the collector expects `first` as well
    definePipeline({ tasks: [Gated], workers, collector: Last, metadata: { most: 1 } });
    // @ts-expect-error: the worker class expects metadata
    definePipeline({ tasks, workers: defineWorker<Limited>({ module }), collector: () => {} });
    const limited = { taskType: "square", items: ({ most }: { most: number }) => [{ n: most }] };
    definePipeline({ tasks: [limited], workers, collector: () => {}, metadata: { most: 1 } });
    // @ts-expect-error: the function that makes the items expects a number
    definePipeline({ tasks: [limited], workers, collector: () => {}, metadata: { most: "1" } });
  });

  test("the ACK data that tasks expect", () => {
    class Wrong extends Collector<{ square: number }, { last: string }> {
      handleCollection() {
        return { last: "1" };
      }
    }
    // @ts-expect-error: the task expects a number
    definePipeline({ tasks: [Gated], workers, collector: Wrong, metadata: { most: 1 } });
    class Misspelled extends Collector<{ square: number }, { least: number }> {
      handleCollection() {
        return { least: 1 };
      }
    }
    // @ts-expect-error: the task expects `last`
    definePipeline({ tasks: [Gated], workers, collector: Misspelled, metadata: { most: 1 } });
    class Open extends Task<{ n: number }> {
      static taskType = "square";
    }
    definePipeline({ tasks: [Open], workers: { module }, collector: Misspelled });
  });

  test("the items of task classes to the workers, and to onFailure", () => {
    class Texts extends Task<{ text: string }> {
      static taskType = "square";
      override *items() {
        yield { text: "one" };
      }
    }
    // @ts-expect-error: the workers take numbers
    definePipeline({ tasks: [Texts], workers, collector: () => {} });
    definePipeline({
      tasks,
      workers,
      collector: () => {},
      onFailure: (failure) => expectTypeOf(failure).toEqualTypeOf<Failure<{ n: number }>>(),
    });
  });
});

test("A collector's function without types gets data without properties", () => {
  const options = { tasks, workers: { module } };
  // @ts-expect-error: nothing says what the workers return
  expect(() => new Pipeline({ ...options, collector: ({ square }) => void square })).not.toThrow();
  new Pipeline({ ...options, collector: ({ square }: { square: number }) => void square });
});

test("createPool() knows inputs and results from the type of the file", () => {
  const make = () => createPool<typeof import("./square.ts")>(module);
  expectTypeOf(make).returns.toEqualTypeOf<Pool<number, { n: number; square: number }>>();
  const both = () => createPool<number, string>(module);
  expectTypeOf(both).returns.toEqualTypeOf<Pool<number, string>>();
  const open = () => createPool(module);
  expectTypeOf(open).returns.toEqualTypeOf<Pool<unknown, unknown>>();
  expect(make).toBeTypeOf("function");
});
