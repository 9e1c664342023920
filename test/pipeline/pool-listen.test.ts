import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { createPool, type PoolOptions, Security } from "zmqpipeline";
import { ended, startCommand, zmqpipeline } from "../support/command.ts";
import { freePort, tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const FILE = fileURLToPath(new URL("../fixtures/pool-worker.mjs", import.meta.url));

function listening(options: PoolOptions) {
  const pool = createPool<unknown, unknown>(FILE, options);
  onTestFinished(() => pool.close({ timeout: 0 }));
  return pool;
}

const joined = (endpoint: string, exportName: string, ...more: readonly string[]) =>
  startCommand(["worker", FILE, "--pool", "--connect", endpoint, "--export", exportName, ...more]);

describe("A pool that listens", () => {
  test("gets workers by the command, and ends them", async () => {
    const listen = `ipc://${join(tempFolder(), "pool")}`;
    const pool = listening({ listen });
    const waiting = pool.run(4);
    const worker = ended(joined(listen, "square", "--quiet", "--count", "2"));
    expect(await waiting).toBe(16);
    const inputs = Array.from({ length: 500 }, (_, n) => n);
    expect(await pool.map(inputs).toArray()).toEqual(inputs.map((n) => n * n));
    await pool.close();
    expect(await worker).toMatchObject({ code: 0, out: "", err: "" });
  });

  long("admits only workers with keys", async () => {
    const folder = tempFolder();
    Security.generate().save(folder);
    const listen = `tcp://localhost:${await freePort()}`;
    const pool = listening({ listen, security: Security.load(join(folder, "service.json")) });
    const stranger = ended(joined(listen, "square"));
    expect(await stranger).toMatchObject({ code: 1, err: expect.stringContaining("wants keys") });
    const worker = joined(listen, "square", "--keys", join(folder, "worker.json"), "--threads", "1");
    expect(await pool.run(5)).toBe(25);
    await pool.close();
    expect(await once(worker, "exit")).toEqual([0, null]);
  });

  test("refuses to listen beyond the loopback without keys", async () => {
    const pool = listening({ listen: `tcp://0.0.0.0:${await freePort()}` });
    await expect(pool.run(1)).rejects.toMatchObject({ code: "INSECURE_BIND" });
  });

  test.each<[PoolOptions, string]>([
    [{ listen: "tcp://localhost:1", workers: 2 }, "workers and listen exclude each other"],
    [{ listen: "localhost:1" }, "localhost:1"],
    [{ allowInsecure: true }, "need listen"],
    [{ security: Security.generate() }, "need listen"],
  ])("refuses options that do not fit: %#", (options, message) => {
    expect(() => createPool(FILE, options)).toThrow(message);
  });
});

describe("zmqpipeline worker", () => {
  long.each([
    [["--pool"], "--pool needs --connect"],
    [["--threads", "2"], "need --pool"],
    [["--pool", "--connect", "ipc://a", "--collector", "ipc://b"], "exclude each other"],
  ])("refuses %s", async (options, message) => {
    const { code, err } = await zmqpipeline(["worker", FILE, ...options]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
  });
});
