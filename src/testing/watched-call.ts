import { AsyncLocalStorage } from "node:async_hooks";
import { settlesWithin } from "../executor/settles-within.ts";
import { isUserFrame } from "../self/user-frames.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";

/** What a call gives that was killed before its end. */
export const KILLED = Symbol("killed");

const calls = new AsyncLocalStorage<WatchedCall>();

/** How many tests watch awaits at the moment. */
let watching = 0;

/** What `await` takes for the constructor of a promise that it must ask for its `then()`. */
class Asked {}

/**
 * A call of the user's code. Its awaits of promises are seen while {@link watchingAwaits} runs, and the call can be ended at one of them, as it ends
 * when its process is killed: what it awaits happens, and nothing behind it.
 */
export class WatchedCall {
  readonly #killAt: string | undefined;
  readonly #onAwait: (place: string) => void;
  readonly #killed: Promise<typeof KILLED>;
  #kill: (killed: typeof KILLED) => void = () => {};
  #phase: "running" | "killed" | "thawed" = "running";
  #continuations: (() => void)[] = [];
  #end: Promise<unknown> = Promise.resolve();

  /**
   * @param onAwait - Called with the place of each await in the user's own files, such as `bill (file:///…/orders.mjs:14:3)`.
   * @param killAt - The place at which the call ends.
   */
  constructor(onAwait: (place: string) => void, killAt?: string) {
    this.#onAwait = onAwait;
    this.#killAt = killAt;
    this.#killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
  }

  get isKilled(): boolean {
    return this.#phase !== "running";
  }

  /** Calls the user's code. */
  run<T>(call: () => T | PromiseLike<T>): T | Promise<T | typeof KILLED> {
    const returned = calls.run(this, call);
    if (!isPromiseLike(returned)) return returned;
    const end = Promise.resolve(returned);
    this.#end = end;
    return Promise.race([end, this.#killed]);
  }

  /** Lets a killed call go on, so that it releases what it holds, and waits for its end. */
  async thaw(timeoutMs: number): Promise<void> {
    this.#phase = "thawed";
    for (const goOn of this.#continuations.splice(0)) goOn();
    await settlesWithin(
      this.#end.catch(() => undefined), // what it throws now, nobody waits for
      timeoutMs,
    );
  }

  /** @param place - Where the call awaits. @returns What takes the continuation when the awaited promise has settled. */
  awaits(place: string): (goOn: () => void) => void {
    this.#onAwait(place);
    const isTarget = this.#phase === "running" && place === this.#killAt;
    return (goOn) => {
      if (isTarget && this.#phase === "running") {
        this.#phase = "killed";
        this.#kill(KILLED);
      }
      if (this.#phase === "killed") this.#continuations.push(goOn);
      else goOn();
    };
  }
}

/** Runs an action during which watched calls see their awaits. */
export async function watchingAwaits<T>(action: () => Promise<T>): Promise<T> {
  if (watching++ === 0) Object.defineProperty(Promise.prototype, "constructor", WATCHED);
  try {
    return await action();
  } finally {
    if (--watching === 0) Object.defineProperty(Promise.prototype, "constructor", ORIGINAL);
  }
}

const ORIGINAL: PropertyDescriptor = {
  value: Promise,
  writable: true,
  enumerable: false,
  configurable: true,
};

/** An `await` of a promise whose `constructor` is not `Promise` calls the promise's `then()`. */
const WATCHED: PropertyDescriptor = {
  get: readConstructor,
  set(this: object, value: unknown): void {
    Object.defineProperty(this, "constructor", { ...ORIGINAL, value });
  },
  enumerable: false,
  configurable: true,
};

function readConstructor(this: Promise<unknown>): unknown {
  const call = calls.getStore();
  const place = call === undefined ? undefined : readingPlace();
  if (call === undefined || place === undefined) return Promise;
  const taken = call.awaits(place);
  // biome-ignore lint/suspicious/noThenProperty: for this await only, which calls it at once.
  Object.defineProperty(this, "then", {
    configurable: true,
    writable: true,
    value: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
      Reflect.deleteProperty(this, "then");
      return this.then(
        (value) => taken(() => resolve(value)),
        (error: unknown) => taken(() => reject(error)),
      );
    },
  });
  return Asked;
}

/** The place in the user's own files that reads a promise's constructor, as an `await` does; nothing where Node or a package reads it. */
function readingPlace(): string | undefined {
  const { stackTraceLimit } = Error;
  const at: { stack?: string } = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(at, readConstructor);
  Error.stackTraceLimit = stackTraceLimit;
  const frame = at.stack?.split("\n").at(-1) ?? "";
  return isUserFrame(frame) && !/[\\/]node_modules[\\/]/.test(frame)
    ? frame.trim().replace(/^at (?:async )?/, "")
    : undefined;
}
