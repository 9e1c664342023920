import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import type { PipelineEndpoints, ServiceEndpoints } from "./endpoints-of.ts";
import { TestProcess } from "./processes.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/python_worker.py", import.meta.url));

/** Debian's Python has Debian's packages, and another one may come before it in the path. */
export const PYTHON = ["python3", "/usr/bin/python3"].find((program) => {
  const { status } = spawnSync(program, ["-c", "import zmq, msgpack"], { timeout: 20_000 });
  return status === 0;
});

/** Tests that need Python with pyzmq and msgpack: Debian's python3-zmq and python3-msgpack. */
export const describeWithPython = PYTHON === undefined ? describe.skip : describe;

/** Attributes of the fixture's worker. */
export interface PythonFields {
  readonly task_type?: string;
  readonly concurrency?: number;
  /** In s. */
  readonly timeout?: number;
  /** In s. */
  readonly peer_timeout?: number;
  /** In s. */
  readonly close_timeout?: number;
  readonly security?: string;
  readonly id_prefix?: string;
  readonly closed_file?: string;
  /** How long each echo takes, in ms. */
  readonly sleep_ms?: number;
}

/** A worker in Python that does what its items say. */
export function pythonWorker({ task, collector }: PipelineEndpoints, fields: PythonFields = {}): TestProcess {
  const config = {
    task_type: "python",
    endpoint: task,
    collector_endpoint: collector,
    peer_timeout: 20,
    ...fields,
  };
  return new TestProcess([PYTHON ?? "", FIXTURE, JSON.stringify(config)]);
}

/** A service's worker in Python. */
export function pythonServiceWorker({ back }: ServiceEndpoints, fields: PythonFields = {}): TestProcess {
  const config = { service: true, task_type: "python", endpoint: back, peer_timeout: 20, ...fields };
  return new TestProcess([PYTHON ?? "", FIXTURE, JSON.stringify(config)]);
}

/** Runs a file's functions in Python. @returns What it printed. */
export function python(code: string, input = ""): string {
  const { stdout, stderr, status } = spawnSync(PYTHON ?? "", ["-c", code], {
    input,
    timeout: 60_000,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr.slice(-2000));
  return stdout;
}
