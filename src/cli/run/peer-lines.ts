import type { PeerState } from "../../role/peer-state.ts";
import { duration } from "../../terminal/quantities.ts";

/** How often the peers are looked at, in ms. */
const LOOK_MS = 100;

/** A peer that is there within this time, in ms, was not waited for. */
const PATIENCE_MS = 300;

/** A peer that is away for less than this, in ms, comes back: at the end of a run, peers leave one after the other. */
const LOST_MS = 1000;

/** How often the user is told that a peer is still waited for, in ms. */
const REMIND_MS = 10_000;

interface Watched {
  readonly state: PeerState;
  /** What the user was told last. */
  readonly told: "nothing" | "waiting" | "present";
  /** Since when the peer has been away; `undefined` while it is there. */
  readonly awaySince: number | undefined;
  readonly remindAt: number;
}

export interface PeerLinesOptions {
  /** What the lines begin with: `worker`. */
  readonly name: string;
  /** Returns the peers that the role needs now. */
  readonly read: () => readonly PeerState[];
  /** How long the role waits, in ms; `undefined` where that is unknown. */
  readonly peerTimeoutMs: number | undefined;
  readonly line: (text: string) => void;
}

/** Says in lines which peers a role waits for, and when they are there. */
export class PeerLines {
  readonly #options: PeerLinesOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: PeerLinesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(performance.now()), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(now: number): void {
    const { name, line } = this.#options;
    const waiting: string[] = [];
    for (const state of this.#options.read()) {
      const key = `${state.peer} ${state.address}`;
      const before = this.#watched.get(key) ?? first(state, now);
      const after = this.#next({ ...before, state }, now, waiting);
      this.#watched.set(key, after);
    }
    if (waiting.length > 0) line(`${name}: waiting for ${waiting.join(" and ")}${this.#limitText()}`);
  }

  #next(watched: Watched, now: number, waiting: string[]): Watched {
    const { name, line } = this.#options;
    const { state, told, remindAt } = watched;
    if (state.isPresent) {
      if (told !== "present") line(`${name}: ${presentText(state)}`);
      return { ...watched, told: "present", awaySince: undefined };
    }
    const awaySince = watched.awaySince ?? now;
    const awayMs = now - awaySince;
    if (told === "present" && awayMs >= LOST_MS) {
      line(`${name}: ${state.peer} at ${state.address} is gone; waiting for it${this.#limitText()}`);
      return { ...watched, told: "waiting", awaySince, remindAt: now + REMIND_MS };
    }
    if (told === "nothing" && awayMs >= PATIENCE_MS) {
      waiting.push(waitingText(state));
      return { ...watched, told: "waiting", awaySince, remindAt: now + REMIND_MS };
    }
    if (told === "waiting" && now >= remindAt) {
      line(`${name}: still waiting for ${waitingText(state)}, for ${duration(awayMs)} now`);
      return { ...watched, awaySince, remindAt: now + REMIND_MS };
    }
    return { ...watched, awaySince };
  }

  #limitText(): string {
    const { peerTimeoutMs = Number.POSITIVE_INFINITY } = this.#options;
    return Number.isFinite(peerTimeoutMs) ? ` (for ${duration(peerTimeoutMs)} at most)` : "";
  }
}

function first(state: PeerState, now: number): Watched {
  return { state, told: "nothing", awaySince: now, remindAt: 0 };
}

function waitingText({ peer, address, isListening }: PeerState): string {
  return isListening ? `${peer} to connect to ${address}` : `${peer} at ${address}`;
}

function presentText({ peer, address, isListening }: PeerState): string {
  return isListening ? `${peer} has connected to ${address}` : `connected to ${peer} at ${address}`;
}
