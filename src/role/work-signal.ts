/**
 * A worker calls its method of this name when it begins its first item, when it has ended its first, and when nothing is executed any
 * more and its own hooks follow: the process that it runs in tells whoever has started it. A registered symbol: a TypeScript loader may give the user's module a copy of this library of
 * its own.
 */
export const onWork: unique symbol = Symbol.for("zmqpipeline.onWork") as never;

export type WorkStage = "busy" | "worked" | "closing";

/** What may listen to that. */
export interface WorkSignal {
  [onWork]?: (stage: WorkStage) => void;
}

/** Tells of the first item that a worker begins, and of the first that it ends. */
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
