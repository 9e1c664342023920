import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { LIBRARY, startCommand, zmqpipeline } from "../support/command.ts";
import { DebuggerClient } from "../support/debugger-client.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

function fileWith(name: string, code: string): string {
  const file = join(tempFolder(), name);
  writeFileSync(file, code);
  return file;
}

const PIPELINE = `
  import { TaskType } from ${JSON.stringify(LIBRARY)};
  export const work = ({ n }) => ({ n, pid: process.pid });
  export default {
    tasks: [{ taskType: "places", items: [{ n: 1 }] }],
    workers: { module: import.meta.url, exportName: "work" },
    collector: ({ pid }) => console.log(pid === process.pid),
  };
`;

describe("zmqpipeline --workers 0", () => {
  long("run: executes the work in its own process", async () => {
    const { code, out, err } = await zmqpipeline([
      "run",
      fileWith("run.mjs", PIPELINE),
      "--workers",
      "0",
      "--quiet",
    ]);
    expect({ code, out, err }).toEqual({ code: 0, out: "true\n", err: "" });
  });

  test("map: keeps standard output for results", async () => {
    const file = fileWith("talks.mjs", 'export default (n) => { console.log("got", n); return n; };');
    const { code, out, err } = await zmqpipeline(["map", file, "--workers", "0", ":::", "a", "b"]);
    expect({ code, out }).toEqual({ code: 0, out: '"a"\n"b"\n' });
    expect(err).toContain("got a\ngot b\n");
  });

  long("refuses --inspect-workers", async () => {
    const { code, err } = await zmqpipeline([
      "run",
      fileWith("run.mjs", PIPELINE),
      "-w",
      "0",
      "--inspect-workers",
    ]);
    expect(code).toBe(2);
    expect(err).toContain("node --inspect");
  });
});

describe("zmqpipeline --workers 0 whose function blocks its process", () => {
  long("ends at the second signal", async () => {
    const code =
      'import { writeSync } from "node:fs"; export default () => { writeSync(2, "began\\n"); for (;;); };';
    const child = startCommand(["map", fileWith("blocks.mjs", code), "--workers=0", ":::", "1"]);
    const { stderr } = child;
    if (stderr === null) throw new Error("No pipe");
    createInterface({ input: stderr }).on("line", (line) => {
      if (line === "began" || line.includes("the process is blocked")) child.kill("SIGINT");
    });
    expect(await once(child, "exit")).toEqual([130, null]);
  });
});

describe("zmqpipeline --inspect-workers", () => {
  long("lets a debugger attach for which the worker waits; ps has titles", async ({ skip }) => {
    if (process.platform !== "linux") skip();
    const code = `
      import { readFileSync } from "node:fs";
      export default () => [readFileSync("/proc/self/cmdline", "utf8"), readFileSync(\`/proc/\${process.ppid}/cmdline\`, "utf8")];
    `;
    const file = fileWith("titles.mjs", code);
    const args = ["map", "--inspect-workers=0", "--inspect-wait", "-w", "1", file, ":::", "3"];
    const child = startCommand(args);
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error("No pipes");
    const lines = createInterface({ input: stdout });
    const results = once(lines, "line");
    const url = await new Promise<string>((resolve) => {
      createInterface({ input: stderr }).on("line", (line) => {
        const [, found] = /\[worker 1\] Debugger listening on (ws:\S+)/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const client = await DebuggerClient.attach(url);
    const exited = once(child, "exit");
    // A process ends only when no debugger is attached.
    await client.release(results);
    client.detach();
    expect(await exited).toEqual([0, null]);
    const titles = (JSON.parse(String((await results)[0])) as string[]).map((title) => title.split("\0")[0]);
    expect(titles).toEqual(["zmqpipeline worker 1: map, titles.mjs", "zmqpipeline map: titles.mjs"]);
  });

  long.each([
    [["--inspect-workers=99999"], "It must be a port"],
    [["--inspect-wait"], "--inspect-wait needs --inspect-workers"],
  ])("refuses %s", async (options, message) => {
    const file = fileWith("square.mjs", "export default (n) => n * n;");
    const { code, err } = await zmqpipeline(["map", file, ...options, ":::", "3"]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
