import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { zmqpipeline } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";

describe("The command init", () => {
  test("keeps a package.json that is there, and adds the script and dependencies that it lacks", async () => {
    const folder = tempFolder();
    const path = join(folder, "package.json");
    const before = {
      name: "mine",
      scripts: { start: "node server.js" },
      dependencies: { zmqpipeline: "file:x" },
    };
    writeFileSync(path, JSON.stringify(before, undefined, "\t"));
    const { code, out, err } = await zmqpipeline(["init", folder]);
    expect(code).toBe(0);
    expect(out).toBe(
      `${["package.json", "pipeline.mts", "worker.mts"].map((name) => join(folder, name)).join("\n")}\n`,
    );
    expect(err).toContain("npm install && npm run pipeline");
    expect(readFileSync(path, "utf8")).toMatch(/^\{\n\t"name"/);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      name: "mine",
      scripts: { start: "node server.js", pipeline: "zmqpipeline run pipeline.mts" },
      dependencies: { zmqpipeline: "file:x", tsx: expect.any(String) },
    });
    expect(readFileSync(join(folder, "pipeline.mts"), "utf8")).toContain('"./worker.mts"');
  });

  test("writes nothing where a file of the run exists, or the package.json is broken", async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "worker.ts"), "mine");
    const taken = await zmqpipeline(["init", folder]);
    expect(taken).toMatchObject({ code: 2, err: expect.stringContaining("worker.ts exists already") });
    expect(existsSync(join(folder, "package.json"))).toBe(false);

    const broken = tempFolder();
    writeFileSync(join(broken, "package.json"), "{ name: ");
    const refused = await zmqpipeline(["init", broken]);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("package.json cannot be read") });
    expect(existsSync(join(broken, "pipeline.ts"))).toBe(false);
  });
});
