import type { FoundItem } from "./pipeline-verdict.ts";
import { WatchedCall } from "./watched-call.ts";

/** A call of a handler, as messages name it. */
export interface HandlerCall {
  readonly handler: string;
  readonly taskType: string;
  readonly item: FoundItem;
}

/** A place at which a handler awaits a promise, and the first call that came there. */
export interface AwaitPlace extends HandlerCall {
  readonly place: string;
}

/** Sees at which places the handlers of one run await; or ends one call at one of them, as the kill of its process does. */
export class Interruptions {
  readonly #target: AwaitPlace | undefined;
  readonly #places = new Map<string, AwaitPlace>();
  #aimed: WatchedCall | undefined;

  /** @param target - Where a call is ended, once; without it, none is. */
  constructor(target?: AwaitPlace) {
    this.#target = target;
  }

  /** Where handlers have awaited, each place once for each handler. */
  get places(): readonly AwaitPlace[] {
    return [...this.#places.values()];
  }

  /** Whether a call was ended. */
  get hasKilled(): boolean {
    return this.#aimed?.isKilled === true;
  }

  watch(call: HandlerCall): WatchedCall {
    const target = this.#target;
    const isAimed = !this.hasKilled && target?.handler === call.handler && target.item.id === call.item.id;
    const watched = new WatchedCall(
      (place) => {
        const key = `${call.handler} ${place}`;
        if (!this.#places.has(key)) this.#places.set(key, { ...call, place });
      },
      isAimed ? target.place : undefined,
    );
    if (isAimed) this.#aimed = watched;
    return watched;
  }

  /** Lets the killed call release what it holds. */
  async thaw(timeoutMs: number): Promise<void> {
    if (this.hasKilled) await this.#aimed?.thaw(timeoutMs);
  }
}
