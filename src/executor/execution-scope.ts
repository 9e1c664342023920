import { AsyncLocalStorage } from "node:async_hooks";

/** The execution to which the code that runs now belongs, also after an `await`. */
export interface ScopedItem {
  /** The number of the worker's `RunningNote`. */
  readonly note: number;
  readonly seq: number;
  readonly attempt: number;
}

/** One scope for all copies of this library in a thread: a loader may give the user's module its own copy. */
const NAME = "zmqpipeline.scope/1";

/** An expression for an inspector session: the scoped item of the code that a thread runs at that moment. */
export const SCOPED_ITEM = `globalThis[Symbol.for(${JSON.stringify(NAME)})]?.getStore()`;

const shared = globalThis as { [key: symbol]: unknown };

/** Calls the function as a part of the item's execution. */
export function inScope<T>(item: ScopedItem, action: () => T): T {
  const key = Symbol.for(NAME);
  const scope = (shared[key] ?? new AsyncLocalStorage<ScopedItem>()) as AsyncLocalStorage<ScopedItem>;
  shared[key] = scope;
  return scope.run(item, action);
}
