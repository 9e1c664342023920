import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ports, ROLES } from "../../support/cli-fixtures.ts";
import { ended, startCommand, zmqpipeline } from "../../support/command.ts";
import { freePort, tempFolder } from "../../support/endpoints.ts";
import { long } from "../../support/long.ts";

describe("The commands status, explain and top", () => {
  long("say how a run stands, and what it waits for", async () => {
    const env = { PORTS: await ports() };
    const endpoint = `tcp://localhost:${env.PORTS.split(",")[0]}`;
    const metadata = ended(startCommand(["metadata", ROLES], undefined, env));
    const distributor = startCommand(["distributor", ROLES, "--quiet"], undefined, env);
    const over = ended(distributor);
    const status = await zmqpipeline(["status", endpoint, "--timeout", "20000"]);
    expect(status.out).toMatch(/^run [0-9a-f]+ {2}\w+ for .* {2}no collector for .*\nsquare {2}0\/200/);
    const json = await zmqpipeline(["status", endpoint, "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      schema: 1,
      kind: "run",
      pid: expect.any(Number),
      workers: [],
    });
    const text = await zmqpipeline(["status", endpoint, "--prometheus"]);
    expect(text.out).toContain('zmqpipeline_items_total{task="square"} 0\n');
    expect((await metadata).code).toBe(0);
    const why = await zmqpipeline(["explain", endpoint, "square/5"]);
    expect(why.out).toBe("square/5: to come\n  The task has not produced it: so far there are 0.\n");
    const task = await zmqpipeline(["explain", endpoint, "square", "--json"]);
    expect(JSON.parse(task.out).reasons).toContain(
      "It begins when 1 worker is ready; none has connected yet.",
    );
    expect(await zmqpipeline(["explain", endpoint, "cube"])).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no task type "cube" here'),
    });
    const top = startCommand(["top", endpoint, "--interval", "0.1"]);
    const seen = ended(top);
    await once(top.stdout ?? top, "data");
    top.kill("SIGINT");
    expect(await seen).toMatchObject({ code: 130, out: expect.stringContaining("square  0/200") });
    distributor.kill("SIGTERM");
    expect((await over).code).toBe(143);
  });

  long("say that no role answers, and refuse what is not an endpoint", async () => {
    const endpoint = `tcp://localhost:${await freePort()}`;
    expect(await zmqpipeline(["status", endpoint, "--timeout", "200"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("(PEER_TIMEOUT)"),
    });
    expect(await zmqpipeline(["status", "here"])).toMatchObject({ code: 2 });
    expect(await zmqpipeline(["top", endpoint, "--interval", "0"])).toMatchObject({ code: 2 });
  });
});

test("The command doctor checks this machine", async () => {
  const port = await freePort();
  const fine = await zmqpipeline(["doctor", "--port", String(port)]);
  expect(fine.out).toMatch(/^ok {4}node .*\nok {4}zeromq .*libzmq 4\.3\.5\n/);
  expect(fine.out).toMatch(new RegExp(`^ok    port ${port} +is free$`, "m"));
  const wrong = await zmqpipeline(["doctor", "--keys", join(tempFolder(), "none"), "--json"]);
  expect(wrong.code).toBe(1);
  expect(JSON.parse(wrong.out).checks).toContainEqual({
    name: "keys",
    ok: false,
    text: expect.stringContaining("does not exist"),
  });
});

long("The command bench measures", async () => {
  const { out, code } = await zmqpipeline(["bench", "--workers", "1", "--seconds", "1", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ schema: 1, workers: 1 });
  expect(JSON.parse(out).empty).toBeGreaterThan(1000);
});
