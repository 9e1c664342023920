import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../../src/cli/program.ts";
import { Security } from "../../../src/index.ts";
import { capturedOutput } from "../../support/captured-output.ts";
import { tempFolder } from "../../support/endpoints.ts";

/** Runs the command in this process. */
async function zmqpipeline(...args: readonly string[]) {
  const { output, out, err } = capturedOutput();
  const code = await runCommand(args, output);
  return { code, out: out(), err: err() };
}

test("The command keys makes, changes and lists a folder", async () => {
  const folder = join(tempFolder(), "keys");
  const made = await zmqpipeline("keys", "init", folder);
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining("mode 600") });
  expect(made.out.trim().split("\n")).toHaveLength(6);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(Security.load(folder).roles).toContain("worker");

  const again = await zmqpipeline("keys", "init", folder);
  expect(again).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("never overwritten (KEYS_EXIST)"),
  });

  const added = await zmqpipeline("keys", "add", "worker", "gpu-1", "--keys", folder);
  expect(added).toMatchObject({ code: 0, out: `${join(folder, "worker-gpu-1.json")}\n` });
  expect(added.err).toContain(join(folder, "collector.json"));
  const { out } = await zmqpipeline("keys", "list", "-k", folder, "--json");
  const listed = JSON.parse(out);
  expect(listed).toMatchObject({ schema: 1 });
  expect(listed.keys).toContainEqual({
    role: "worker",
    name: "gpu-1",
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    file: "worker-gpu-1.json",
  });
  expect((await zmqpipeline("keys", "list", "-k", folder)).out).toMatch(
    /^worker +gpu-1 +[0-9a-f]{16} {2}worker-gpu-1\.json$/m,
  );

  const revoked = await zmqpipeline("keys", "revoke", "worker", "gpu-1", "-k", folder, "--json");
  expect(JSON.parse(revoked.out).changed).toContain(join(folder, "distributor.json"));
  expect(readdirSync(folder)).not.toContain("worker-gpu-1.json");
  expect(await zmqpipeline("keys", "revoke", "worker", "gpu-1", "-k", folder)).toMatchObject({ code: 1 });

  const secrets = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")).secretKey);
  for (const { out, err } of [made, again, added, revoked])
    for (const secret of secrets) expect(out + err).not.toContain(secret);
});

test("The command ends with exit code 2 on wrong use, and says what may have been meant", async () => {
  expect(await zmqpipeline("kyes")).toMatchObject({
    code: 2,
    err: expect.stringContaining("Did you mean keys?"),
  });
  expect(await zmqpipeline("keys", "add", "king", "x")).toMatchObject({
    code: 2,
    err: expect.stringContaining("worker, metadata, client"),
  });
  expect(await zmqpipeline("keys", "add", "worker", "../x")).toMatchObject({ code: 2 });
  expect(await zmqpipeline("keys", "init", "--jsno")).toMatchObject({
    code: 2,
    err: expect.stringContaining("Did you mean --json?"),
  });
});

test("The command writes its help and version", async () => {
  expect(await zmqpipeline("--help")).toMatchObject({
    code: 0,
    err: "",
    out: expect.stringContaining("keys"),
  });
  expect(await zmqpipeline("keys", "--help")).toMatchObject({
    code: 0,
    out: expect.stringContaining("Examples:"),
  });
  expect((await zmqpipeline("--version")).out).toMatch(/^\d+\.\d+\.\d+/);
});
