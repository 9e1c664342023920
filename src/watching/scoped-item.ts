import { SCOPED_ITEM, type ScopedItem } from "../executor/execution-scope.ts";

/** How long the main thread may take to answer, in ms: it cannot while native code blocks it. */
const ANSWER_MS = 300;

/**
 * Asks the main thread in which execution it is. An inspector session interrupts code that blocks it: no debugger stops the thread, and no port
 * is opened. Call it in another thread.
 *
 * @returns Nothing when the main thread is in no execution, does not answer, or may not be asked (builds of Node without the inspector, the
 *   permission model).
 */
export async function askScopedItem(): Promise<ScopedItem | undefined> {
  if (!process.features.inspector) return undefined;
  const { Session } = process.getBuiltinModule("node:inspector");
  const session = new Session();
  let timer: NodeJS.Timeout | undefined;
  try {
    session.connectToMainThread();
    return await new Promise<ScopedItem | undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ANSWER_MS);
      session.post("Runtime.evaluate", { expression: SCOPED_ITEM, returnByValue: true }, (error, answer) =>
        resolve(error === null ? (answer.result.value as ScopedItem | undefined) : undefined),
      );
    });
  } catch {
    return undefined; // not permitted
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
}
