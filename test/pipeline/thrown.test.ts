import { describe, expect, test } from "vitest";
import {
  Collector,
  EndpointAddress,
  type MapOptions,
  MetaDataWorker,
  map,
  Pipeline,
  type PipelineOptions,
  RemoteError,
  Task,
  TaskType,
} from "zmqpipeline";
import { THROWN, ways } from "../fixtures/thrown-values.mjs";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/thrown-values.mjs", import.meta.url);
const ECHO = new URL("../fixtures/local-worker.mjs", import.meta.url);
const nowhere = new EndpointAddress("tcp://localhost:1");
const ONCE = { retry: { attempts: 1 } } as const;

async function settled(inputs: readonly unknown[], options: MapOptions) {
  const all = [];
  for await (const each of map(inputs, MODULE, { ...options, settled: true })) all.push(each);
  return all;
}

describe("Thrown values of handlers:", () => {
  const inputs = Object.keys(THROWN).flatMap((name) => ways.map((way) => ({ name, way })));
  const places: readonly [string, typeof long, MapOptions][] = [
    ["processes", test, { workers: 1 }],
    ["threads", long, { threads: 1 }],
  ];
  for (const [kind, run, where] of places) {
    run(`A handler may throw anything, in any way: each input fails by itself, in ${kind}`, async () => {
      const deaths: string[] = [];
      const onOutput = (line: string) => void deaths.push(line);
      const results = await settled(inputs, {
        ...where,
        ...ONCE,
        exportName: "throws",
        restarts: 0,
        onOutput,
      });
      expect(results.filter(({ status }) => status !== "rejected")).toEqual([]);
      expect(results.length).toBe(inputs.length);
      for (const result of results) {
        if (result.status === "rejected") expect(result.reason).toBeInstanceOf(RemoteError);
      }
      expect(deaths).toEqual([]);
    });
  }

  long("A handler's error arrives with its causes, from processes and from threads", async () => {
    for (const [, , where] of places) {
      const [result] = await settled([0], { ...where, ...ONCE, exportName: "detailed" } satisfies MapOptions);
      expect(result).toMatchObject({
        reason: { remoteCode: "EALL", status: 503, index: 0, cause: { code: 5 } },
      });
    }
  });

  test("A thenable that returns nothing and calls back twice gives its first value", async () => {
    const results = await settled([1, 2], { workers: 1, exportName: "thenable" });
    expect(results.map((result) => "value" in result && result.value)).toEqual([1, 2]);
  });
});

describe("Thrown values of hooks:", () => {
  const TYPE = TaskType.register("thrown-in-hooks");
  const run = (options: Partial<PipelineOptions>) =>
    new Pipeline({
      tasks: [{ taskType: TYPE, items: [{ n: 1 }, { n: 2 }] }],
      workers: { module: ECHO, exportName: "echo", count: 1 },
      collector: () => {},
      onOutput: () => {},
      ...options,
    }).run();
  const values = [
    "undefined",
    "a symbol",
    "a Proxy that throws",
    "an object without a prototype",
    "hostile getters",
  ] as const;
  const throwIt = (name: keyof typeof THROWN): never => {
    throw THROWN[name]?.();
  };
  class Numbers extends Task<{ n: number }> {
    readonly taskType = TYPE;
    readonly endpoint = nowhere;
    override items(): Iterable<{ n: number }> {
      return [{ n: 1 }];
    }
  }
  class Quiet extends Collector {
    readonly endpoint = nowhere;
    readonly ackEndpoint = nowhere;
    handleCollection(): undefined {}
  }

  /** Hooks take turns at the values: each hook with each value would take a minute. */
  const turn = (hook: number) => values[hook % values.length] as (typeof values)[number];

  test("A task's hooks may throw anything: TASK_FAILED", async () => {
    const throwing: Partial<Record<string, (name: (typeof values)[number]) => object>> = {
      initialize: (name) => ({ initialize: () => throwIt(name) }),
      items: (name) => ({ items: () => throwIt(name) }),
      handle: (name) => ({ items: undefined, handle: async () => throwIt(name) }),
      gate: (name) => ({ isAvailableForHandling: () => throwIt(name) }),
      iterator: (name) => ({ items: () => ({ [Symbol.iterator]: () => ({ next: () => throwIt(name) }) }) }),
    };
    for (const [index, hooks] of Object.values(throwing).entries()) {
      const task = Object.assign(new Numbers(), hooks?.(turn(index)));
      await expect(run({ tasks: [task] })).rejects.toMatchObject({ code: "TASK_FAILED" });
    }
  });

  long("A collector's hooks may throw anything: COLLECTION_FAILED", async () => {
    for (const [index, hook] of ["handleCollection", "getAckData", "handleFinished"].entries()) {
      const collector = Object.assign(new Quiet(), { [hook]: () => throwIt(turn(index)) });
      await expect(run({ collector })).rejects.toMatchObject({ code: "COLLECTION_FAILED" });
    }
    const collector = Object.assign(new Quiet(), { handleFailure: async () => throwIt(turn(3)) });
    const tasks = [{ taskType: TYPE, items: () => [{ name: "null", way: "later" }], ...ONCE }];
    const workers = { module: MODULE, exportName: "throws", count: 1 };
    await expect(run({ collector, tasks, workers })).rejects.toMatchObject({ code: "COLLECTION_FAILED" });
  });

  test("getMetadata() and onOutput() may throw anything: the run fails, or goes on", async () => {
    class Metadata extends MetaDataWorker {
      readonly endpoint = nowhere;
      async getMetadata(): Promise<Record<string, unknown>> {
        return throwIt(turn(0));
      }
    }
    await expect(run({ metadata: Metadata })).rejects.toMatchObject({ code: "INIT_FAILED" });
    const workers = { module: ECHO, exportName: "talks", count: 1 };
    for (const onOutput of [() => throwIt(turn(2)), async () => throwIt(turn(3))])
      expect(await run({ workers, onOutput })).toMatchObject({ status: "complete" });
  });
});
