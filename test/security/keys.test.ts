import { chmodSync, chownSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Security } from "../../src/index.ts";
import type { RoleKeys } from "../../src/security/key-file.ts";
import { addKeys, listKeys, revokeKeys } from "../../src/security/key-folder.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints, serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { exportKeys, GoodMetadata, GoodPeers } from "../support/secured-roles.ts";
import { EchoWorker, makeClient, makeService } from "../support/service-roles.ts";
import { withKeys } from "../support/with-keys.ts";

const ROLES = ["distributor", "collector", "worker", "metadata", "service", "client"] as const;

function keyFolder(): string {
  const folder = join(tempFolder(), "keys");
  Security.generate().save(folder);
  return folder;
}

const contentOf = (file: string) => JSON.parse(readFileSync(file, "utf8")) as RoleKeys;
const unusable = (problem: RegExp) =>
  expect.objectContaining({ code: "KEYS_UNUSABLE", message: expect.stringMatching(problem) });

describe("A folder of keys", () => {
  test("has a file for each role, with the role's secret and no other, for this user alone", () => {
    const folder = keyFolder();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
    expect(files.sort()).toEqual(ROLES.map((role) => `${role}.json`).sort());
    const texts = files.map((file) => readFileSync(join(folder, file), "utf8"));
    for (const file of files) {
      expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
      const { secretKey, role } = contentOf(join(folder, file));
      expect(texts.filter((text) => text.includes(JSON.stringify(secretKey)))).toHaveLength(1);
      expect(Security.load(join(folder, file)).roles).toEqual([role]);
    }
    expect(Security.load(folder).roles.sort()).toEqual([...ROLES].sort());
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
  });

  test("is never overwritten", () => {
    const folder = keyFolder();
    const before = readFileSync(join(folder, "worker.json"), "utf8");
    expect(() => Security.generate().save(folder)).toThrow(expect.objectContaining({ code: "KEYS_EXIST" }));
    expect(readFileSync(join(folder, "worker.json"), "utf8")).toBe(before);
    addKeys(folder, "worker", "one");
    expect(() => addKeys(folder, "worker", "one")).toThrow(expect.objectContaining({ code: "KEYS_EXIST" }));
    expect(() => addKeys(folder, "worker", "../one")).toThrow(TypeError);
  });

  test("adds and revokes names on the lists of the roles that let them in", () => {
    const folder = keyFolder();
    const { file, changed } = addKeys(folder, "client", "web-1");
    expect(changed).toEqual([join(folder, "service.json")]);
    const { publicKey } = contentOf(file);
    expect(contentOf(join(folder, "service.json")).allowed.client).toMatchObject({ "web-1": publicKey });
    expect(
      listKeys(folder)
        .filter(({ role }) => role === "client")
        .map(({ name }) => name),
    ).toEqual(["default", "web-1"]);
    expect(revokeKeys(folder, "client", "web-1").changed).toEqual([join(folder, "service.json")]);
    expect(readFileSync(join(folder, "service.json"), "utf8")).not.toContain(publicKey);
    expect(listKeys(folder).map(({ name }) => name)).not.toContain("web-1");
    expect(() => revokeKeys(folder, "client", "web-1")).toThrow(unusable(/has no client "web-1"/));
  });

  test.each<[string, RegExp, (folder: string, file: string) => void]>([
    [
      "a file that others can read",
      /open to others \(mode 644\): chmod 600/,
      (_, file) => chmodSync(file, 0o644),
    ],
    ["a file that the group can read", /open to others \(mode 640\)/, (_, file) => chmodSync(file, 0o640)],
    [
      "a folder that others can enter",
      /open to others \(mode 755\): chmod 700/,
      (folder) => chmodSync(folder, 0o755),
    ],
    [
      "a file that is no JSON",
      /is not JSON/,
      (_, file) => writeFileSync(file, `${readFileSync(file, "utf8")}}`),
    ],
    [
      "a file that is too large",
      /too large for a key file/,
      (_, file) => writeFileSync(file, "x".repeat(5_000_000)),
    ],
    ["a file of another version", /version 1/, (_, file) => change(file, { version: 2 })],
    ["a file of no role", /has no known role/, (_, file) => change(file, { role: "king" })],
    ["a file with half a key", /damaged/, (_, file) => change(file, { secretKey: "abc" })],
    ["a key that no key can be", /damaged/, (_, file) => change(file, { publicKey: "#".repeat(40) })],
    ["two keys that do not belong together", /do not belong together/, (_, file) => change(file, other())],
    [
      "a list that is none",
      /list of allowed keys/,
      (_, file) => change(file, { allowed: { worker: ["x"] } }),
    ],
    ["a server's key that is none", /servers' keys/, (_, file) => change(file, { servers: { service: 7 } })],
    ["nothing at all", /does not exist/, (folder) => rmSync(folder, { recursive: true })],
    [
      "an empty folder",
      /no keys in it/,
      (folder) => {
        for (const role of ROLES) rmSync(join(folder, `${role}.json`));
      },
    ],
  ])("is refused: %s", (_name, problem, spoil) => {
    const folder = keyFolder();
    const file = join(folder, "service.json");
    const { secretKey } = contentOf(file);
    spoil(folder, file);
    let error: unknown;
    try {
      Security.load(folder);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toEqual(unusable(problem));
    expect(inspect(error, { depth: 10 })).not.toContain(secretKey.slice(0, 10));
  });

  test.runIf(process.getuid?.() === 0)("is refused: another user's file", () => {
    const folder = keyFolder();
    chownSync(join(folder, "worker.json"), 12_345, 12_345);
    expect(() => Security.load(join(folder, "worker.json"))).toThrow(unusable(/another user/));
  });
});

function change(file: string, changes: object): void {
  writeFileSync(file, JSON.stringify({ ...contentOf(file), version: 1, ...changes }));
}

function other(): object {
  return { publicKey: exportKeys(Security.generate()).worker.publicKey };
}

test("Keys are not shown, and belong to a role", async () => {
  const security = Security.generate();
  const { worker } = exportKeys(security);
  for (const shown of [
    inspect(security, { depth: 10, showHidden: true }),
    JSON.stringify(security),
    String(security),
  ])
    expect(shown).not.toContain(worker.secretKey);

  const workers = Security.load(writeRole(worker));
  const [endpoints, service] = [await freshEndpoints("tcp"), await serviceEndpoints("tcp")];
  const needs = (role: string) =>
    expect.objectContaining({
      code: "KEYS_UNUSABLE",
      message: expect.stringContaining(`a ${role} needs its own`),
    });
  const task = new NumbersTask(endpoints, 1);
  await expect(makeDistributor(endpoints, task, { security: workers }).run()).rejects.toEqual(
    needs("distributor"),
  );
  await expect(withKeys(new NumbersCollector(endpoints), workers).run()).rejects.toEqual(needs("collector"));
  await expect(withKeys(new GoodMetadata(endpoints), workers).run()).rejects.toEqual(needs("metadata"));
  await expect(makeService(service, { security: workers }).run()).rejects.toEqual(needs("service"));
  await using client = makeClient(service, { security: workers });
  await expect(client.request({ n: 1 })).rejects.toEqual(needs("client"));

  const noKeys = { publicKey: "x" } as unknown as Security;
  expect(() => makeDistributor(endpoints, task, { security: noKeys })).toThrow(/security must be a Security/);
  await expect(withKeys(new EchoWorker(service), noKeys).run()).rejects.toThrow(
    /security must be a Security/,
  );
});

function writeRole(keys: RoleKeys): string {
  const file = join(tempFolder(), "role.json");
  writeFileSync(file, JSON.stringify({ ...keys, version: 1 }), { mode: 0o600 });
  return file;
}

describe("Keys in a running pipeline:", () => {
  const logged = captureLog();

  test("a worker is added and revoked, and no other role is restarted", async () => {
    const folder = keyFolder();
    const good = await GoodPeers.start(Security.load(folder));
    const { file } = addKeys(folder, "worker", "gpu-1");
    const secrets = ROLES.map((role) => contentOf(join(folder, `${role}.json`)).secretKey);
    secrets.push(contentOf(file).secretKey);
    let executed = 0;
    const handler = (data: { n: number }) => {
      executed += 1;
      return data;
    };
    const added = withKeys(new NumbersWorker(good.endpoints, handler), Security.load(file));
    const ended = expect(added.run()).rejects.toMatchObject({ code: "KEY_REFUSED" });
    await expect.poll(() => executed).toBeGreaterThan(10);

    // A list that arrives half or open to others changes nothing; its owner is told.
    const list = join(folder, "distributor.json");
    chmodSync(list, 0o644);
    await expect.poll(logged).toContainEqual(expect.stringMatching(/distributor.*chmod 600/));
    await good.work();
    chmodSync(list, 0o600);

    revokeKeys(folder, "worker", "gpu-1");
    await ended;
    await good.work();
    await good.finish();
    expect(good.collector.failures).toEqual([]);
    expect(good.collector.hasEachOnce(good.collector.seen.size)).toBe(true);
    for (const secret of secrets) expect(logged().join("\n")).not.toContain(secret);
  });
});
