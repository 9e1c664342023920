import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { RoleConfig } from "../fixtures/role.ts";
import type { ServiceRoleConfig } from "../fixtures/service-role.ts";
import { compiled } from "./compiled.ts";
import { DEADLINE_MS } from "./deadline.ts";

const PLAIN_WORKER = fileURLToPath(new URL("../fixtures/plain-worker.mjs", import.meta.url));

/** Most characters that a child may print: a loop that logs must not fill the disk or the memory. */
const MAX_OUTPUT = 1_000_000;

function programOf(config: RoleConfig | ServiceRoleConfig): readonly string[] {
  if (config.role === "plainWorker") return [PLAIN_WORKER];
  return [fileURLToPath(compiled("front" in config.endpoints ? "service-role" : "role"))];
}

/** A program that is killed when the test ends. The last line that it prints is its outcome. */
export class TestProcess {
  readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = "";
  #errors = "";

  constructor([program = "", ...args]: readonly string[]) {
    this.child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#exited = once(this.child, "exit");
    const timer = setTimeout(() => this.kill("SIGKILL"), DEADLINE_MS);
    this.child.once("exit", () => clearTimeout(timer));
    this.child.stdout?.on("data", (chunk: Buffer) => {
      if (this.#output.length < MAX_OUTPUT) this.#output += chunk;
      this.child.emit("line");
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      if (this.#errors.length < MAX_OUTPUT) this.#errors += chunk;
    });
    onTestFinished(async () => {
      this.kill("SIGKILL");
      await this.#exited;
    });
  }

  /** Resolves when the process has ended, in whatever way. */
  get exited(): Promise<unknown> {
    return this.#exited;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The beginning of the process's standard error. */
  get errors(): string {
    return this.#errors;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  hasPrinted(text: string): boolean {
    return this.#output.includes(text);
  }

  /** Waits until the process has printed a line that contains the text. */
  async printed(text: string): Promise<void> {
    while (!this.hasPrinted(text)) {
      if (!this.isRunning) throw new Error(`The process ended before it printed ${text}: ${this.#errors}`);
      await Promise.race([once(this.child, "line"), this.#exited]);
    }
  }

  /** Waits for the end and returns the outcome that the role printed last. */
  async outcome<T>(): Promise<T> {
    await this.#exited;
    // All output of the process is here once the streams are closed.
    if (this.child.stdout?.readableEnded === false) await once(this.child.stdout, "end");
    if (this.child.exitCode !== 0)
      throw new Error(`Exit ${this.child.exitCode ?? this.child.signalCode}: ${this.#errors}`);
    const line = this.#output.trim().split("\n").at(-1) ?? "";
    return JSON.parse(line) as T;
  }
}

/** What stands before a command so that it runs within a limit, such as `-n 64` of `ulimit`. */
export function limited(limits: string): readonly string[] {
  return ["bash", "-c", `ulimit ${limits}; exec "$@"`, "bash"];
}

/** A role in a process of its own. */
export class RoleProcess extends TestProcess {
  /** @param launcher - What stands before the command, such as `limited("-n 64")`. */
  constructor(config: RoleConfig | ServiceRoleConfig, launcher: readonly string[] = []) {
    // Only a process that samples itself collects its garbage on purpose.
    const options = "sample" in config ? ["--expose-gc"] : [];
    super([...launcher, process.execPath, ...options, ...programOf(config), JSON.stringify(config)]);
  }
}
