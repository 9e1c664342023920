import { SIGNAL_CODES } from "../interrupts.ts";
import { EXIT } from "../output.ts";

const CTRL_C = "\u0003";

/** Listens for what ends `top`: q, Ctrl-C, signals, and a lost output. */
export class TopKeys {
  /** Rejects when `top` is to end. */
  readonly over: Promise<never>;
  code: number = EXIT.ok;
  isOver = false;
  #end: (reason: Error) => void = () => {};
  readonly #listeners = {
    SIGINT: () => this.#stop(SIGNAL_CODES.SIGINT),
    SIGTERM: () => this.#stop(SIGNAL_CODES.SIGTERM),
  };
  readonly #onData = (data: Buffer) => {
    const key = data.toString("latin1");
    if (key === "q" || key === "Q") this.#stop(EXIT.ok);
    else if (key === CTRL_C) this.#stop(SIGNAL_CODES.SIGINT);
  };

  /** @param lost - Aborted when standard output can no longer be written. */
  constructor(lost: AbortSignal) {
    this.over = new Promise((_resolve, reject) => {
      this.#end = reject;
    });
    this.over.catch(() => {}); // the loop races against it
    if (lost.aborted) this.#stop(EXIT.ok);
    lost.addEventListener("abort", () => this.#stop(EXIT.ok), { once: true });
    for (const [signal, listener] of Object.entries(this.#listeners)) process.on(signal, listener);
    if (process.stdin.isTTY) process.stdin.setRawMode(true).on("data", this.#onData).resume();
  }

  async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([waited, this.over]).catch(() => {}); // the loop checks `isOver`
    clearTimeout(timer);
  }

  close(): void {
    for (const [signal, listener] of Object.entries(this.#listeners)) process.off(signal, listener);
    if (process.stdin.isTTY) process.stdin.setRawMode(false).off("data", this.#onData).pause();
  }

  #stop(code: number): void {
    this.code = code;
    this.isOver = true;
    this.#end(new Error("over"));
  }
}
