import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { freePort, tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEPLOY = join(ROOT, "examples/deploy");
const COMMAND = join(ROOT, "dist/cli/main.js");

/** No command may take longer, in ms. */
const DEADLINE = 40_000;

const read = (name: string) => readFileSync(join(DEPLOY, name), "utf8");

/** The machine's folders of the units, in one of the test. */
function machine(): string {
  const folder = tempFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/zmqpipeline"));
  copyFileSync(join(DEPLOY, "roles.mjs"), join(folder, "roles.mjs"));
  execFileSync(process.execPath, [COMMAND, "keys", "init", "keys"], { cwd: folder });
  return folder;
}

/** The arguments that a unit gives the command. */
function argumentsOf(unit: string, folder: string): string[] {
  const lines = read(unit).replaceAll("\\\n", " ");
  const [, program, args = ""] = /^ExecStart=(\S+) (.*)$/m.exec(lines) ?? [];
  expect(program).toBe("/srv/zmqpipeline/node_modules/.bin/zmqpipeline");
  return args
    .replaceAll("$" + "{WORKERS}", "2")
    .replaceAll("/var/lib/zmqpipeline", folder)
    .split(/\s+/);
}

function start(args: readonly string[], cwd: string, env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: DEADLINE,
    killSignal: "SIGKILL",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

long("The commands of the units and of the container make a run together, with keys", async () => {
  const folder = machine();
  const names = [...read("endpoints.env").matchAll(/^(\w+)=tcp:\/\/\w+:\d+$/gm)].map(([, name = ""]) => name);
  expect(names).toEqual(["DISTRIBUTOR", "COLLECTOR", "COLLECTOR_ACK"]);
  const env: Record<string, string> = {};
  for (const name of names) env[name] = `tcp://localhost:${await freePort()}`;
  const [, command = "[]"] = /^CMD (.*)$/m.exec(read("Containerfile")) ?? [];
  const roles = ["collector", "distributor", "worker"].map((role) =>
    start(argumentsOf(`zmqpipeline-${role}.service`, folder), folder, env),
  );
  roles.push(start(JSON.parse(command), folder, env));
  const [collector, distributor, ...workers] = roles;
  if (collector?.stdout === null || collector === undefined) throw new Error("No output");
  const ends = roles.map(async (role) => (await once(role, "exit"))[0]);
  expect(await text(collector.stdout)).toBe("1000 hashes\n");
  expect(await Promise.all(ends.slice(0, 2))).toEqual([0, 0]);
  expect(distributor?.exitCode).toBe(0);
  // One that came when the run was over waits for the next; it is stopped, as its unit would be.
  for (const worker of workers) worker.kill("SIGTERM");
  // It has no exit code where the signal came before it could hear one.
  for (const code of await Promise.all(ends.slice(2))) expect([0, 143, null]).toContain(code);
  expect(existsSync(join(folder, "run.journal"))).toBe(true);
});

test("The files that the container copies exist", () => {
  const copied = [...read("Containerfile").matchAll(/^COPY (.*) \.\/$/gm)].flatMap(([, files = ""]) =>
    files.split(" "),
  );
  expect(copied).toEqual(["package.json", "roles.mjs"]);
  for (const file of copied) expect(existsSync(join(DEPLOY, file))).toBe(true);
});
