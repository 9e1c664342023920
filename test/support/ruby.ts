import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import type { PipelineEndpoints } from "./endpoints-of.ts";
import { TestProcess } from "./processes.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Debian's Ruby has Debian's packages, and another one may come before it in the path. */
const RUBY = ["ruby", "/usr/bin/ruby"].find(
  (program) =>
    spawnSync(program, ["-e", 'require "ffi-rzmq"; require "msgpack"'], { timeout: 20_000 }).status === 0,
);

/** Tests that need Ruby; its title says so where they are skipped. */
export function describeWithRuby(title: string, tests: () => void): void {
  if (RUBY === undefined) describe.skip(`${title} (needs ruby, ruby-ffi-rzmq and ruby-msgpack)`, tests);
  else describe(title, tests);
}

/** A worker in Ruby that does what its items say. */
export function rubyWorker(
  type: string,
  { task, collector }: PipelineEndpoints,
  keyFile: readonly string[] = [],
): TestProcess {
  return new TestProcess([
    RUBY ?? "",
    path("test/fixtures/ruby_worker.rb"),
    type,
    task,
    collector,
    ...keyFile,
  ]);
}

/** Runs code with the example's classes. @returns What it printed. */
export function ruby(code: string, input: string): string {
  const { stdout, stderr, status } = spawnSync(
    RUBY ?? "",
    ["-r", path("examples/ruby/worker.rb"), "-e", code],
    {
      input,
      timeout: 60_000,
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(stderr.slice(-2000));
  return stdout;
}
