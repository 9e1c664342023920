import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { startGroup } from "../second-process.ts";

/** Most characters of a stream that are kept: the last ones. */
const KEPT = 1 << 20;

/** How a life of the run has ended. */
export interface LifeEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One life of the run: a process group of its own, from its start to its end or its kill. */
export class RunLife {
  readonly ended: Promise<LifeEnd>;
  isOver = false;
  readonly #child: ChildProcess;
  readonly #text = { out: "", err: "" };

  /** @param env - Environment variables for the run. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = startGroup(args, env);
    this.#keep("out", this.#child.stdout);
    this.#keep("err", this.#child.stderr);
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Kills all processes of the run at once. */
  kill(): void {
    if (this.pid > 0) signal(-this.pid, "SIGKILL");
  }

  #keep(stream: "out" | "err", from: Readable | null): void {
    from?.setEncoding("utf8").on("data", (text: string) => {
      this.#text[stream] = (this.#text[stream] + text).slice(-KEPT);
    });
  }

  async #end(): Promise<LifeEnd> {
    try {
      const [code] = (await once(this.#child, "close")) as [number | null];
      return { code, ...this.#text };
    } finally {
      this.isOver = true;
    }
  }
}

/** Sends a signal to a process, or with a negative id to a group. @returns Whether it is there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // it has ended
  }
}
