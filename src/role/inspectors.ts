import type { RoleToInspector } from "../protocol/message.ts";
import { AnswerPace } from "./answer-pace.ts";
import { reportMessage } from "./inspection.ts";

/** How many inspectors hear of the end. An inspector that has not asked for the longest time is dropped first. */
const MAX = 64;

/** Longest wait for inspectors to confirm the last report, in ms. A report that is not read before its connection ends is lost. */
const CONFIRM_MS = 200;

type Answer = (reply: RoleToInspector) => void;

/** The inspectors that have asked a role how it stands. They hear of its end without asking. */
export class Inspectors {
  /** By connection, the one that asked last at the end. */
  readonly #answers = new Map<string, Answer>();
  readonly #pace = new AnswerPace();
  #confirmed: (() => void) | undefined;

  /**
   * An inspector asks. Its question is answered at once, or later where answers have taken much time. After the last report, its question confirms that
   * report.
   *
   * @param reply - Makes and sends the answer.
   * @param answer - Sends a later one.
   */
  asked(connection: string, reply: () => void, answer: Answer): void {
    if (this.#confirmed !== undefined) return this.disconnected(connection);
    this.#pace.run(connection, reply);
    this.#answers.delete(connection);
    this.#answers.set(connection, answer);
    const [first] = this.#answers.keys();
    if (this.#answers.size > MAX && first !== undefined) this.#answers.delete(first);
  }

  disconnected(connection: string): void {
    this.#pace.forget(connection);
    this.#answers.delete(connection);
    if (this.#answers.size === 0) this.#confirmed?.();
  }

  /** Sends the last report. @param then - Called when all inspectors have it, or do not confirm it in time. */
  end(runId: string, report: () => object, then: () => void): void {
    this.#pace.stop();
    if (this.#answers.size === 0) return then();
    const last = reportMessage(runId, report());
    const timer = setTimeout(() => this.#confirmed?.(), CONFIRM_MS);
    this.#confirmed = () => {
      clearTimeout(timer);
      this.#confirmed = () => {};
      then();
    };
    for (const answer of this.#answers.values()) answer(last);
  }
}
