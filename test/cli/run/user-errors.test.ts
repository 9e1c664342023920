import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { LIBRARY, zmqpipeline } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { long } from "../../support/long.ts";

/** Writes a file, and runs it. */
async function runOf(code: string, name = "run.mjs") {
  const folder = tempFolder();
  const path = join(folder, name);
  writeFileSync(join(folder, "worker.mjs"), "export default ({ n }) => ({ n });");
  writeFileSync(path, code);
  return { path, ...(await zmqpipeline(["run", path, "--quiet"])) };
}

const pipeline = (collector: string) => `import { Collector, EndpointAddress, TaskType } from "${LIBRARY}";
const noEndpoint = new EndpointAddress("inproc://none");
export default {
  tasks: [{ taskType: TaskType.register("numbers"), items: [{ n: 1 }] }],
  workers: { module: new URL("./worker.mjs", import.meta.url), count: 1 },
  collector: ${collector},
};`;

describe("The command run", () => {
  test("names the place of a syntax error in the file, without frames of Node's", async () => {
    const { path, code, err } = await runOf("export default {\n  tasks: [\n  workers: 1,\n};\n");
    expect(code).toBe(2);
    expect(err).toContain("SyntaxError: Unexpected token ':'");
    expect(err).toContain(`${path}:3)\n      workers: 1,\n             ^`);
    expect(err).not.toContain("node:internal");
  });

  test("names the user's line that throws while the file is imported", async () => {
    const { path, code, err } = await runOf("const a = {};\na.b.c();\n");
    expect(code).toBe(2);
    expect(err).toContain("TypeError: Cannot read properties of undefined");
    expect(err).toMatch(new RegExp(`^ +at .*${path}:2:5\\)?$`, "m"));
    expect(err).not.toContain("node:internal");
  });

  test("names hook, item and line of a collector that throws", async () => {
    const { path, code, err } = await runOf(pipeline('({ n }) => { throw new RangeError("no " + n); }'));
    expect(code).toBe(1);
    expect(err).toMatch(
      /handleCollection\(\) of the collector, with item [0-9a-f]+\/numbers\/0, threw: RangeError: no 1 \(COLLECTION_FAILED\)$/m,
    );
    expect(err).toMatch(new RegExp(`^ +at .*${path}:6:\\d+\\)?$`, "m"));
  });

  long("names handleFinished() when that throws", async () => {
    const collector = `class extends Collector {
    endpoint = noEndpoint;
    ackEndpoint = noEndpoint;
    handleCollection() {}
    handleFinished() { throw new Error("not closed"); }
  }`;
    const { path, err } = await runOf(pipeline(collector));
    expect(err).toContain("handleFinished() of the collector threw: not closed (COLLECTION_FAILED)");
    expect(err).toContain(`${path}:10:`);
  });

  long("prints only the user's frames of an error that a function of the pipeline throws", async () => {
    const { path, code, err } = await runOf(
      pipeline('() => {}, onFinished() { throw new RangeError("late"); }'),
    );
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`RangeError: late\\n +at .*${path}:6:\\d+\\)?\\n$`));
  });

  long("says what to do with a file that exports a function, and with a folder", async () => {
    const { path, code, err } = await runOf("export default (n) => n * n;");
    expect(code).toBe(2);
    expect(err).toContain(`zmqpipeline map ${path} runs it over inputs`);
    const folder = await zmqpipeline(["run", dirname(path)]);
    expect(folder).toMatchObject({ code: 2, err: expect.stringContaining("is a folder: name a file in it") });
  });
});
