import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect } from "vitest";
import { EndpointAddress, ServiceClient, TaskType } from "../../src/index.ts";
import { ports, ROLES, SUM } from "../support/cli-fixtures.ts";
import { ended, startCommand, zmqpipeline } from "../support/command.ts";
import { compiled } from "../support/compiled.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const SERVICE = fileURLToPath(compiled("cli-service"));

long("The command run keeps a service and its workers until Ctrl-C", async () => {
  const env = { PORTS: await ports() };
  const child = startCommand(["run", SERVICE, "--workers", "2"], undefined, env);
  const outcome = ended(child);
  const endpoint = new EndpointAddress(`tcp://localhost:${env.PORTS.split(",")[0]}`);
  const client = new ServiceClient(endpoint, { taskType: TaskType.register("shout"), timeout: 20_000 });
  const replies = await client.request(Array.from({ length: 20 }, () => ({ text: "oh" })));
  expect(replies.map(({ text }) => text)).toEqual(Array(20).fill("OH"));
  await client.stop();
  child.kill("SIGINT");
  const { code, out, err } = await outcome;
  expect(err).toContain("a service with 2 workers; Ctrl-C ends it");
  expect(out).toContain("service ended: 20 requests, 20 replied");
  expect(code).toBe(130);
  expect(await zmqpipeline(["run", SERVICE, "--journal", "x"])).toMatchObject({ code: 2 });
});

describe("The commands that start one role", () => {
  long("end with exit code 4 when a distributor has too many failures", async () => {
    const env = { PORTS: await ports(), UNLUCKY: "10" };
    const others = ["collector", "metadata", "worker"].map((role) =>
      ended(startCommand([role, ROLES], undefined, env)),
    );
    const { code, err } = await zmqpipeline(["distributor", ROLES, "--max-failures", "2"], env);
    expect(err).toContain("TOO_MANY_FAILURES");
    expect(code).toBe(4);
    await Promise.all(others);
  });

  long("make a run together, with keys and with endpoints from the command line", async () => {
    const folder = join(tempFolder(), "keys");
    expect((await zmqpipeline(["keys", "init", folder])).code).toBe(0);
    const env = { PORTS: await ports() };
    const [work, data] = env.PORTS.split(",");
    const key = (role: string) => ["--keys", join(folder, `${role}.json`)];
    const collector = zmqpipeline(["collector", ROLES, ...key("collector")], env);
    const distributor = zmqpipeline(
      ["distributor", ROLES, "--json", "--min-workers", "2", "--trust", "assigned", ...key("distributor")],
      env,
    );
    const metadata = zmqpipeline(["metadata", ROLES, ...key("metadata")], env);
    const connect = ["--connect", `tcp://localhost:${work}`, "--collector", `tcp://localhost:${data}`];
    const workers = zmqpipeline(["worker", ROLES, "--count", "2", ...connect, ...key("worker")]);
    const outcomes = await Promise.all([collector, distributor, metadata, workers]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(outcomes[0].out).toContain(`sum ${SUM}\n`);
    expect(JSON.parse(outcomes[1].out)).toMatchObject({ schema: 1, role: "distributor", status: "complete" });
    expect(existsSync(folder)).toBe(true);
  });
});
