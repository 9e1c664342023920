/**
 * The method that a worker calls when it begins its first item, when it has ended its first item, when its handler only awaits, one item at a
 * time, and before its closing hooks. The worker's
 * process passes that on to the pipeline. A registered symbol, because a TypeScript loader may give the user's module its own copy of this
 * library.
 */
export const onWork: unique symbol = Symbol.for("zmqpipeline.onWork") as never;

export type WorkStage = "busy" | "worked" | "waits" | "closing";

/** An object that may have such a method. */
export interface WorkSignal {
  [onWork]?: (stage: WorkStage) => void;
}

/** Reports the first item that a worker begins, and the first that it ends. */
export class FirstWork {
  readonly #tell: ((stage: WorkStage) => void) | undefined;
  #isBusy = false;
  #hasWorked = false;

  constructor(tell: ((stage: WorkStage) => void) | undefined) {
    this.#tell = tell;
  }

  begins(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#tell?.("busy");
  }

  ends(): void {
    if (this.#hasWorked) return;
    this.#hasWorked = true;
    this.#tell?.("worked");
  }
}
