/**
 * What a guarded process tells its guard: that it hears; how long its work may take to finish after a signal, in ms (`null`: without limit);
 * and how its work can go on when the guard has killed it.
 */
export type ToGuard =
  | { readonly zmqpipeline: "heard" }
  | { readonly zmqpipeline: "stopTimeout"; readonly ms: number | null }
  | { readonly zmqpipeline: "advice"; readonly text: string };

/** The guard's question whether the process still hears. */
export const ARE_YOU_THERE = { zmqpipeline: "ping" } as const;

let isGuarded = false;

/** Makes this process answer its guard, the process that started it. */
export function becomeGuarded(): void {
  isGuarded = true;
  process.on("message", (message: unknown) => {
    const isPing = typeof message === "object" && message !== null && "zmqpipeline" in message;
    if (isPing) tellGuard({ zmqpipeline: "heard" });
  });
}

/** Tells the guard of this process, if it has one. */
export function tellGuard(message: ToGuard): void {
  if (isGuarded && process.connected) process.send?.(message, undefined, undefined, () => {}); // the guard may have ended
}
