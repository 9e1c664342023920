import { describe, expect, test } from "vitest";
import {
  Collector,
  Distributor,
  EndpointAddress,
  Service,
  ServiceClient,
  ServiceWorker,
  SingleThreadedWorker,
  Task,
  TaskType,
} from "../../src/index.ts";

const at = (name: string) => new EndpointAddress(`inproc://static-fields-${name}`);

describe("Static fields of a class", () => {
  test("are fields of its instances: a run with endpoints, names and dependencies", async () => {
    const order: string[] = [];
    class First extends Task<{ n: number }> {
      static taskType = "static first";
      static endpoint = at("work");
      override *items() {
        yield { n: 1 };
      }
    }
    class Second extends First {
      static override taskType = "static second";
      static dependencies = ["static first"];
      static retry = { attempts: 1 };
    }
    class FirstWorker extends SingleThreadedWorker<{ n: number }> {
      static taskType = TaskType.register("static first");
      static endpoint = at("work");
      static collectorEndpoint = at("results");
      static concurrency = 3;
      handleExecution({ n }: { n: number }) {
        return { n };
      }
    }
    class SecondWorker extends FirstWorker {
      static override taskType = TaskType.register("static second");
    }
    class Sink extends Collector {
      static endpoint = at("results");
      static get ackEndpoint() {
        return at("acks");
      }
      static stopTimeout = 17;
      handleCollection(_data: object, { name }: TaskType) {
        order.push(name);
      }
    }
    const distributor = new Distributor({
      collectorEndpoint: at("results"),
      collectorAckEndpoint: at("acks"),
    });
    const [second, sink, worker] = [new Second(), new Sink(), new SecondWorker()];
    for (const task of [second, First]) distributor.registerTask(task);
    expect(worker.concurrency).toBe(3);
    expect(sink.stopTimeout).toBe(17);
    const [summary] = await Promise.all([
      distributor.run(),
      sink.run(),
      new FirstWorker().run(),
      worker.run(),
    ]);
    expect(summary.status).toBe("complete");
    expect(order).toEqual(["static first", "static second"]);
    expect(second.dependencies).toEqual([new TaskType("static first")]);
    expect(second.retry).toEqual({ attempts: 1 });
  });

  test("give way to fields and accessors of instances", () => {
    class Base extends Task {
      static taskType = "static";
      static total = 5;
      static endpoint = at("static");
    }
    class Own extends Base {
      override readonly total = 7;
      get endpoint() {
        return at("own");
      }
    }
    expect(new Base()).toMatchObject({ taskType: "static", total: 5 });
    expect(new Own()).toMatchObject({ taskType: "static", total: 7 });
    expect(new Own().endpoint.address).toBe(at("own").address);
  });

  test("with a misspelled name are refused", async () => {
    class Snake extends SingleThreadedWorker {
      static task_type = "static";
      handleExecution() {}
    }
    await expect(new Snake().run()).rejects.toThrow("Snake.task_type is called taskType in this library");
    class Typo extends SingleThreadedWorker {
      static taskTyp = "static";
      handleExecution() {}
    }
    await expect(new Typo().run()).rejects.toThrow('Typo has no taskType; it has "taskTyp"');
  });
});

describe("A class without an endpoint or a task type", () => {
  test("is refused outside a Pipeline, by what it lacks", async () => {
    class Bare extends SingleThreadedWorker {
      handleExecution() {}
    }
    await expect(new Bare().run()).rejects.toThrow(
      "Bare.taskType must be a TaskType or its name; it is missing",
    );
    class Homeless extends Collector {
      handleCollection() {}
    }
    await expect(new Homeless().run()).rejects.toThrow(
      "Homeless.endpoint must be an EndpointAddress: it is missing, and only a Pipeline gives one",
    );
    class Nowhere extends Task {
      static taskType = "static";
      override *items() {}
    }
    const distributor = new Distributor({
      collectorEndpoint: at("results"),
      collectorAckEndpoint: at("acks"),
    });
    expect(() => distributor.registerTask(Nowhere)).toThrow("Nowhere.endpoint must be an EndpointAddress");
    class Wrong extends Nowhere {
      static endpoint = at("work");
      static dependencies = ["static", 7 as never];
    }
    expect(() => distributor.registerTask(Wrong)).toThrow(
      "Wrong.dependencies[1] must be a TaskType or its name, not a number",
    );
  });
});

test("Names serve as task types of services, their workers and their clients", async () => {
  class Upper extends ServiceWorker<{ text: string }, { text: string }> {
    static taskType = "static upper";
    static endpoint = at("back");
    handleMessage({ text }: { text: string }, taskType: TaskType) {
      return { text: `${taskType.name} ${text.toUpperCase()}` };
    }
  }
  const service = new Service({ frontendEndpoint: at("front"), backendEndpoint: at("back") });
  const running = [service.run(), new Upper().run()];
  const client = new ServiceClient(at("front"), { taskType: "static upper" });
  expect(await client.request({ text: "a" })).toEqual({ text: "static upper A" });
  const other = new ServiceClient(at("front"));
  expect(await other.request({ text: "b" }, { taskType: "static upper" })).toEqual({
    text: "static upper B",
  });
  for (const each of [client, other]) await each.stop();
  await service.stop();
  await Promise.all(running);
});
