import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { visibleText } from "../structures/visible-text.ts";
import { describeKind } from "./known-options.ts";

/** Room for the rest of an id within the longest name on the wire. */
const MAX_PREFIX_LENGTH = 64;

/** @throws TypeError, RangeError when the value cannot be the beginning of an id. */
export function assertIdPrefix(name: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a text, not ${describeKind(value)}`);
  if (!/^[\w.:@-]*$/.test(value) || value.length > MAX_PREFIX_LENGTH)
    throw new RangeError(
      `${name} ${JSON.stringify(value.slice(0, MAX_PREFIX_LENGTH))} must have at most ${MAX_PREFIX_LENGTH} characters: letters, digits, and - _ . : @`,
    );
}

/** Makes an id that no other worker or client has. It ends with host, process id and a random part. */
export function makePeerId(idPrefix: string): string {
  const id = `${visibleText(hostname()).slice(0, MAX_PREFIX_LENGTH)}-${process.pid}-${randomBytes(4).toString("hex")}`;
  return idPrefix === "" ? id : `${idPrefix}-${id}`;
}

/** The id of a worker, made when it is asked for. Each run has an id of its own. */
export class WorkerIdentity {
  #id: string | undefined;
  #hasRun = false;

  /** The id of this run, or of the next. */
  get(idPrefix: string): string {
    this.#id ??= makePeerId(idPrefix);
    return this.#id;
  }

  /** A run begins. @returns Its id. */
  begin(idPrefix: string): string {
    if (this.#hasRun) this.#id = undefined;
    this.#hasRun = true;
    return this.get(idPrefix);
  }

  /** Takes the id of the worker for which this thread works. */
  adopt(id: string): void {
    this.#id = id;
  }
}
