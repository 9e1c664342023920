import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { createPool, map, Pipeline } from "zmqpipeline";
import { DebuggerClient } from "../support/debugger-client.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

/** Gathers the lines of workers, and finds the addresses for debuggers among them. */
function addresses() {
  const found: string[] = [];
  let wanted = 0;
  let enough: () => void = () => {};
  return {
    onOutput: (line: string) => {
      const [, url] = /Debugger listening on (ws:\S+)/.exec(line) ?? [];
      if (url !== undefined) found.push(url);
      if (found.length >= wanted) enough();
    },
    async count(count: number): Promise<readonly string[]> {
      wanted = count;
      if (found.length < count)
        await new Promise<void>((resolve) => {
          enough = resolve;
        });
      return found;
    },
  };
}

async function freePort(isHeld = false): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (isHeld) onTestFinished(() => void server.close());
  else server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function moduleWith(code: string): URL {
  const file = join(tempFolder(), "debugged.mjs");
  writeFileSync(file, code);
  return pathToFileURL(file);
}

describe("inspectWorkers", () => {
  test("stops a waiting worker at a breakpoint of the user's file", async () => {
    const module = moduleWith(
      "export default function square(n) {\n  const result = n * n;\n  return result;\n}\n",
    );
    const port = await freePort();
    const { onOutput, count } = addresses();
    const options = { workers: 1, inspectWorkers: { port, wait: true }, onOutput };
    const results = map<number>([7], module, options).toArray();
    const [url = ""] = await count(1);
    expect(new URL(url).port).toBe(String(port));
    const client = await DebuggerClient.attach(url);
    await client.send("Debugger.enable");
    await client.send("Debugger.setBreakpointByUrl", { lineNumber: 2, url: module.href });
    const paused = client.event<{ callFrames: { functionName: string; callFrameId: string }[] }>(
      "Debugger.paused",
    );
    const [frame] = (await client.release(paused)).callFrames;
    expect(frame?.functionName).toBe("square");
    const where = { callFrameId: frame?.callFrameId, expression: "result" };
    const evaluated = await client.send<{ result: { value: number } }>("Debugger.evaluateOnCallFrame", where);
    expect(evaluated.result.value).toBe(49);
    await client.send("Debugger.resume");
    client.detach();
    expect(await results).toEqual([49]);
  });

  long("gives each worker of a Pipeline a port, also where one is taken", async () => {
    const module = moduleWith("export default (data) => data;");
    const { onOutput, count } = addresses();
    const pipeline = new Pipeline({
      tasks: [{ taskType: "any", items: [{ n: 1 }] }],
      workers: { module, count: 2 },
      collector: async () => void (await count(2)),
      inspectWorkers: await freePort(true),
      onOutput,
    });
    await pipeline.run();
    const ports = (await count(2)).map((url) => new URL(url).port);
    expect(new Set(ports).size).toBe(2);
  });

  long("works for a pool, with any free port", async () => {
    const { onOutput, count } = addresses();
    const pool = createPool(moduleWith("export default (n) => n;"), {
      workers: 1,
      inspectWorkers: 0,
      onOutput,
    });
    onTestFinished(() => pool.close({ timeout: 0 }));
    expect(await pool.run(1)).toBe(1);
    expect(await count(1)).toHaveLength(1);
  });

  test.each([
    [{ prot: 1 }, /inspectWorkers has no option "prot".*port/],
    [70_000, /inspectWorkers/],
    [{ wait: 1 }, /inspectWorkers\.wait/],
  ])("refuses %j", (inspectWorkers, message) => {
    expect(() => map([], moduleWith(""), { inspectWorkers: inspectWorkers as never })).toThrow(message);
  });
});
