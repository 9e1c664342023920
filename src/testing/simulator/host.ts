import type { Timeline } from "./timeline.ts";

/** Time between two ticks of a simulated role. */
const TICK_MS = 20;

/** A simulated process. Nothing reaches a frozen host until its freeze ends; nothing ever reaches a dead host. */
export interface Host {
  alive: boolean;
  frozenUntil: number;
}

export function newHost(): Host {
  return { alive: true, frozenUntil: 0 };
}

/** Runs an action on a host after `delay` ms, or when the host's freeze ends; never when the host is dead. */
export function runOn(timeline: Timeline, host: Host, delay: number, action: () => void): void {
  timeline.after(delay, () => {
    if (!host.alive) return;
    if (host.frozenUntil > timeline.now) runOn(timeline, host, host.frozenUntil - timeline.now, action);
    else action();
  });
}

/** Ticks on a host until `isOver`. */
export function tickOn(
  timeline: Timeline,
  host: Host,
  tick: (now: number) => void,
  isOver: () => boolean = () => false,
): void {
  runOn(timeline, host, TICK_MS, () => {
    if (isOver()) return;
    tick(timeline.now);
    tickOn(timeline, host, tick, isOver);
  });
}
