import { setTimeout as sleep } from "node:timers/promises";
import type { Blocked } from "../protocol/batch-message.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { ZeromqOutlet } from "../transport/zeromq/zeromq-outlet.ts";
import type { ExitLock } from "./exit-lock.ts";
import type { ReportTo } from "./watch-messages.ts";

/** How long a report may take to leave this process, in ms. */
const LEAVE_MS = 1000;

/** Interval at which the reporter checks whether a report has left, in ms. */
const LOOK_MS = 5;

/** A connection that was not used for this long, in ms, is closed: the distributor need not keep it. */
const IDLE_MS = 30_000;

/** Sends a blocked worker's reports to its distributor, over a connection of its own. */
export class BlockReporter {
  readonly #to: ReportTo;
  readonly #exitLock: ExitLock;
  #outlet: ZeromqOutlet | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** The report before, so that reports are sent one after the other. */
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(to: ReportTo, exitLock: ExitLock) {
    this.#to = to;
    this.#exitLock = exitLock;
  }

  /** @returns Whether the report has left this process. It does not reject. */
  async send(report: Omit<Blocked, "type" | "workerId">): Promise<boolean> {
    const message: Blocked = { type: "blocked", workerId: this.#to.workerId, ...report };
    this.#last = this.#last.then(() => this.#send(message));
    return await this.#last;
  }

  close(): void {
    clearTimeout(this.#idleTimer);
    const outlet = this.#outlet;
    this.#outlet = undefined;
    if (outlet !== undefined) this.#exitLock.hold(() => outlet.close());
  }

  async #send(message: Blocked): Promise<boolean> {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.close(), IDLE_MS);
    const deadline = performance.now() + LEAVE_MS;
    let isSent = false;
    while (performance.now() < deadline) {
      if (!isSent) isSent = this.#exitLock.hold(() => this.#open().send(message)) ?? false;
      else if (this.#exitLock.hold(() => this.#outlet?.isEmpty) ?? false) return true;
      await sleep(LOOK_MS);
    }
    return false;
  }

  #open(): ZeromqOutlet {
    this.#outlet ??= new ZeromqOutlet(new EndpointAddress(this.#to.endpoint), this.#to.keys);
    return this.#outlet;
  }
}
