import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Security, SingleThreadedWorker } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { TestProcess } from "../support/processes.ts";
import { describeWithPython, PYTHON, python } from "../support/python.ts";
import { DoingCollector, DoingTask } from "../support/python-run.ts";
import { makeDistributor } from "../support/roles.ts";

const FOLDER = fileURLToPath(new URL("../../clients/python", import.meta.url));
const IMPORT = `import sys; sys.path.insert(0, ${JSON.stringify(FOLDER)})\n`;

/** Checks workers with the given members, each a text in Python. Returns what `run()` would raise for each. */
function refusals(base: string, members: readonly string[]): string[] {
  const code = `${IMPORT}
import json
from zmqpipeline_worker import ServiceWorker, Worker
async def later(self, data, info): pass
def checked(member):
    names = dict(task_type="t", endpoint="tcp://localhost:1", collector_endpoint="tcp://localhost:2", handle_execution=lambda s, d, i: 1, handle_message=lambda s, d, i: 1, _check_class=lambda s: None)
    names.update(eval(f"dict({member})"))
    kind = type("Mine", (${base},), {name: value for name, value in names.items() if value is not ...})
    globals()["Mine"] = kind
    try:
        kind()._check()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
print(json.dumps([checked(member) for member in json.load(sys.stdin)]))`;
  return JSON.parse(python(code, JSON.stringify(members))) as string[];
}

describeWithPython("A worker in Python refuses at its start", () => {
  test("names in another spelling, missing and unsuitable methods, and values that cannot be used", () => {
    const cases = {
      "handle_execution=...": "Mine must have a method handle_execution(self, data, info)",
      "handle_excution=1": "Mine has handle_excution: it is called handle_execution",
      "taskType=1": "Mine has taskType: it is called task_type",
      "initWorker=1": "Mine has initWorker: it is called init_worker",
      "concurency=1": "Mine has concurency: it is called concurrency",
      "handle_execution=5": "Mine must have a method handle_execution(self, data, info)",
      "handle_execution=lambda s, d: 1": "Mine.handle_execution() must take (self, data, info)",
      "handle_execution=later": /is async: make it a plain method/,
      "task_type=''": "Mine.task_type is missing",
      "task_type=5": /task_type is 5: it must be a text/,
      "endpoint=...": /endpoint is ''/,
      "endpoint='tcp://localhost'": /a port from 1 to 65535/,
      "endpoint='tcp://*:5'": /the name or address of a host/,
      "endpoint='tcp://localhost:99999'": /a port from 1 to 65535/,
      "collector_endpoint='ipc://' + 'x' * 200": /up to 103 bytes/,
      "concurrency=0": /from 1 to 1024/,
      "concurrency=10**6": /from 1 to 1024/,
      "concurrency=True": /from 1 to 1024/,
      "timeout='2'": /a number of seconds/,
      "timeout=float('nan')": /a number of seconds/,
      "peer_timeout=-1": /a number of seconds/,
      "close_timeout=None": /a number of seconds/,
      "id_prefix=5": /a text of up to 64 bytes/,
      "security=5": /the path of a key file/,
    };
    const refused = refusals("Worker", Object.keys(cases));
    for (const [index, expected] of Object.values(cases).entries())
      expect(refused[index]).toEqual(
        typeof expected === "string" ? `ValueError: ${expected}` : expect.stringMatching(expected),
      );
  });

  test("nothing else: other names, and a service's worker without a collector and a task type", () => {
    const members = ["endpoints=1", "peer_timeout=float('inf')", "handler=1", "security=None", "timeout=0.5"];
    expect(refusals("Worker", members)).toEqual(members.map(() => null));
    expect(refusals("ServiceWorker", ["collector_endpoint=...", "task_type=''"])).toEqual([null, null]);
  });

  test("a class that other processes cannot import, and attributes that they cannot have", () => {
    const failing = (text: string) => {
      const code = `${IMPORT}from zmqpipeline_worker import Worker
class Mine(Worker):
    task_type, endpoint, collector_endpoint = "t", "tcp://localhost:1", "tcp://localhost:2"
    def handle_execution(self, data, info): return 1
def inner():
    class Inner(Mine): pass
    return Inner()
if __name__ == "__main__":
    ${text}`;
      const file = join(tempFolder(), "mine.py");
      writeFileSync(file, code);
      return { file, code };
    };
    const run = ({ file }: { file: string }) => new TestProcess([PYTHON ?? "", file]);
    const last = async (process: TestProcess) => {
      await process.exited;
      return process.errors.trim().split("\n").at(-1);
    };
    return Promise.all([
      expect(last(run(failing("inner().run()")))).resolves.toMatch(
        /^TypeError: inner.<locals>.Inner must stand at the top/,
      ),
      expect(
        last(run(failing("m = Mine(); import threading; m.lock = threading.Lock(); m.run()"))),
      ).resolves.toBe(
        "TypeError: Mine.lock is a lock, which cannot be copied to the worker's processes: make it in init_worker()",
      ),
      expect(last(new TestProcess([PYTHON ?? "", "-c", failing("Mine().run()").code]))).resolves.toMatch(
        /^TypeError: Mine must be in a file/,
      ),
    ]);
  });

  test("a run() that its processes would call as well", async () => {
    const endpoints = await freshEndpoints("tcp");
    const file = join(tempFolder(), "unguarded.py");
    const code = `${IMPORT}from zmqpipeline_worker import Worker
class Mine(Worker):
    task_type, endpoint, collector_endpoint, concurrency = "python", "${endpoints.task}", "${endpoints.collector}", 2
    def handle_execution(self, data, info): return data
Mine().run()`;
    writeFileSync(file, code);
    const distributor = makeDistributor(endpoints, new DoingTask(endpoints, [{ do: "echo" }]));
    const done = Promise.all([distributor.run(), new DoingCollector(endpoints).run()]);
    const worker = new TestProcess([PYTHON ?? "", file]);
    await worker.exited;
    const [said, ...others] = worker.errors.split("\n").filter((line) => line.includes("__main__"));
    expect(said).toContain("Mine().run() runs when the file is imported");
    expect(others).toEqual([]);
    expect(worker.errors).not.toContain("bootstrapping");
    await distributor.stop({ timeout: 0 });
    await done;
  });

  test("key files of others, that others can read, and that are damaged", () => {
    const folder = tempFolder();
    Security.generate().save(folder);
    const code = `${IMPORT}
import json, os
from zmqpipeline_worker import _Keys, PipelineError
def tried(path):
    try:
        return sorted(_Keys(path).servers)
    except PipelineError as error:
        return f"{error.code} {str(error).split(': it ', 1)[1]}"
folder = ${JSON.stringify(folder)}
good = json.load(open(folder + "/worker.json"))
def with_(mode=0o600, **fields):
    path = folder + "/changed.json"
    with open(path, "w") as file: json.dump({**good, **fields}, file)
    os.chmod(path, mode)
    return tried(path)
open(folder + "/text.json", "w").write("SECRET"); os.chmod(folder + "/text.json", 0o600)
print(json.dumps([tried(folder + "/worker.json"), tried(folder + "/none.json"), tried(folder + "/collector.json"), tried(folder + "/text.json"),
  with_(0o640), with_(version=2), with_(publicKey="x" * 40), with_(secretKey=5), with_(servers={"distributor": "short"})]))`;
    const damaged =
      "KEYS_UNUSABLE is damaged: one of its keys is missing, or its two keys do not belong together";
    expect(JSON.parse(python(code))).toEqual([
      ["collector", "distributor", "service"],
      "KEYS_UNUSABLE cannot be opened (ENOENT)",
      "KEYS_UNUSABLE has the keys of a collector; a worker needs worker.json, or what keys add worker makes",
      "KEYS_UNUSABLE is damaged: it is not JSON",
      "KEYS_UNUSABLE is open to others (mode 640): chmod 600",
      "KEYS_UNUSABLE is not a key file of version 1",
      damaged,
      damaged,
      damaged,
    ]);
  });
});

describeWithPython("The names of workers in Python", () => {
  test("are those of workers in Node.js in snake case", () => {
    const code = `${IMPORT}import json, zmqpipeline_worker as z
print(json.dumps([name for name in dir(z.Worker) if not name.startswith("_")]))`;
    const names = JSON.parse(python(code)) as string[];
    class Mine extends SingleThreadedWorker {
      readonly taskType = undefined as never;
      readonly endpoint = undefined as never;
      readonly collectorEndpoint = undefined as never;
      handleExecution() {
        return {};
      }
    }
    const ofNode = new Mine();
    const camel = (name: string) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !(camel(name) in ofNode))).toEqual([]);
  });
});
