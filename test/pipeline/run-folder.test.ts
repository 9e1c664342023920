import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { RunFolder } from "../../src/pipeline/run-folder.ts";
import { tempFolder } from "../support/endpoints.ts";

/** Sets variables of the environment until the test ends. */
function environment(values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    onTestFinished(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

test.runIf(process.platform === "linux")(
  "The folders of killed runs are removed in every base, and only those whose process has certainly ended",
  async () => {
    const [temporary, runtime] = [tempFolder(), tempFolder()];
    environment({ TMPDIR: temporary, XDG_RUNTIME_DIR: runtime });
    const own = await RunFolder.make();
    expect(readdirSync(temporary)).toEqual([basename(own.path)]);
    const identity = JSON.parse(readFileSync(join(own.path, "owner.json"), "utf8"));
    // A process that has ended and was waited for: nothing has its id and its start time.
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", "console.log(process.pid)"]);
    const ended = { ...identity, pid: Number(stdout) };
    const cases: Record<string, readonly [owner: object, isRemoved: boolean]> = {
      ended: [ended, true],
      alive: [identity, false],
      reused: [{ ...identity, started: identity.started.replace(/\d+$/, "1") }, true],
      rebooted: [{ ...identity, started: "another-boot 7" }, identity.machine !== ""],
      cloned: [{ ...identity, started: "another-boot 7", machine: "another" }, false],
      unnamed: [{ ...identity, started: "another-boot 7", machine: undefined }, false],
      elsewhere: [{ ...ended, host: "elsewhere" }, false],
      contained: [{ ...ended, namespace: "pid:[1]" }, false],
    };
    const places = [temporary, runtime].flatMap((base) =>
      Object.entries(cases).map(([name, [owner, isRemoved]]) => {
        const path = join(base, `zqp-local-${name}`);
        mkdirSync(path);
        writeFileSync(join(path, "owner.json"), JSON.stringify(owner));
        return { path, isRemoved };
      }),
    );
    const next = await RunFolder.make();
    await Promise.all([next.remove(), own.remove()]);
    const wrong = places.filter(({ path, isRemoved }) => existsSync(path) === isRemoved);
    expect(wrong).toEqual([]);
  },
);
