import { types } from "node:util";
import { cutText, describeValue, isError, propertyOf } from "./thrown.ts";

/** Limits of a copy: longest text in UTF-16 units, most entries of a list or object, deepest nesting, largest binary data. */
const MAX_TEXT = 4096;
const MAX_ENTRIES = 32;
const MAX_LEVELS = 5;
const MAX_BINARY_BYTES = 1024;

/** Most bytes that an entry takes in addition to its texts. */
const ENTRY_BYTES = 12;

/** Properties worth copying that are getters of the class, by the tag that objects of the class have in every realm. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  "[object Response]": ["status", "statusText", "ok", "url", "redirected", "type"],
  "[object Request]": ["method", "url"],
};

/** Marks a value that is left out: it is not data, and of no use to a reader of the error. */
const NOTHING: unique symbol = Symbol("nothing");

/**
 * Copies an error's values into plain data that can be encoded. Depth, number and total size are bounded, cycles are cut, and values that
 * are not data are described. Never throws, whatever getters and proxies do.
 */
export class PlainCopy {
  /** Bytes that may still be copied. */
  #left: number;
  readonly #above = new Set<object>();

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  /** @returns The text, cut to `limit` UTF-16 units, or to fewer when little room is left. */
  text(text: string, limit: number): string {
    const cut = cutText(text, Math.max(1, Math.min(limit, Math.floor(this.#left / 3))));
    this.#left -= Buffer.byteLength(cut) + ENTRY_BYTES;
    return cut;
  }

  /** Whether there is room for another entry. */
  get hasRoom(): boolean {
    return this.#left > 4 * ENTRY_BYTES;
  }

  /**
   * Copies an object's own properties into at most half of the room that is left.
   *
   * @param unwanted - Keys to leave out.
   */
  properties(value: object, unwanted: ReadonlySet<string>): Record<string, unknown> {
    const reserve = this.#left / 2;
    this.#left -= reserve;
    try {
      return this.#within(value, () => this.#members(value, keysOf(value), 0, unwanted)) ?? {};
    } finally {
      this.#left += reserve;
    }
  }

  value(value: unknown): unknown {
    const copy = this.#copy(value, 0);
    return copy === NOTHING ? this.text(describeValue(value), MAX_TEXT) : copy;
  }

  #copy(value: unknown, level: number): unknown {
    this.#left -= ENTRY_BYTES;
    switch (typeof value) {
      case "string":
        return this.text(value, MAX_TEXT);
      case "number":
      case "boolean":
      case "undefined":
        return value;
      case "bigint":
        return BigInt.asIntN(64, value) === value ? value : this.text(describeValue(value), MAX_TEXT);
      case "object":
        return value === null ? null : this.#object(value, level);
      default:
        return NOTHING; // functions and symbols
    }
  }

  #object(value: object, level: number): unknown {
    if (this.#above.has(value)) return this.text("[circular]", MAX_TEXT);
    if (level >= MAX_LEVELS) return this.text(Array.isArray(value) ? "[list]" : "[object]", MAX_TEXT);
    const copy = this.#within(value, () => {
      if (types.isDate(value)) return new Date(Number(value));
      if (ArrayBuffer.isView(value)) return this.#binary(value);
      if (Array.isArray(value)) return this.#list(value, level + 1);
      if (isError(value)) return this.#error(value, level + 1);
      if (isDictionary(value)) return this.#members(value, Object.keys(value), level + 1);
      return this.#instance(value, level + 1);
    });
    return copy ?? this.text("[cannot be read]", MAX_TEXT);
  }

  /** Copies an object; nothing when one of its getters or a Proxy throws. */
  #within<T>(value: object, copy: () => T): T | undefined {
    this.#above.add(value);
    try {
      return copy();
    } catch {
      return undefined;
    } finally {
      this.#above.delete(value);
    }
  }

  #members(
    value: object,
    keys: readonly string[],
    level: number,
    unwanted?: ReadonlySet<string>,
  ): Record<string, unknown> {
    const copies: Record<string, unknown> = {};
    let copied = 0;
    let more = 0;
    for (const key of keys) {
      if (key === "__proto__" || unwanted?.has(key) === true) continue;
      if (copied >= MAX_ENTRIES || !this.hasRoom || 3 * key.length > this.#left) {
        more += 1;
        continue;
      }
      const name = this.text(key, MAX_TEXT);
      const copy = this.#copy(propertyOf(value, key), level);
      if (copy === NOTHING) continue;
      copies[name] = copy;
      copied += 1;
    }
    if (more > 0) copies["…"] = `${more} more`;
    return copies;
  }

  #list(values: readonly unknown[], level: number): unknown[] {
    const copies: unknown[] = [];
    for (let index = 0; index < values.length; index += 1) {
      if (index >= MAX_ENTRIES || !this.hasRoom) {
        copies.push(`… ${values.length - index} more`);
        break;
      }
      const copy = this.#copy(values[index], level);
      copies.push(copy === NOTHING ? this.text(describeValue(values[index]), MAX_TEXT) : copy);
    }
    return copies;
  }

  #binary(view: ArrayBufferView): unknown {
    const { buffer, byteOffset, byteLength } = view;
    const kind = Object.prototype.toString.call(view).slice(8, -1);
    if (byteLength > MAX_BINARY_BYTES || byteLength > this.#left / 2)
      return this.text(`[${kind} of ${byteLength} bytes]`, MAX_TEXT);
    this.#left -= byteLength;
    return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** Copies an error among an error's properties, without its stack: the outer error's stack is enough. */
  #error(error: Error, level: number): Record<string, unknown> {
    const [name, message] = [propertyOf(error, "name"), propertyOf(error, "message")];
    const keys = Object.keys(error).filter((key) => key !== "name" && key !== "message");
    return {
      name: this.text(typeof name === "string" ? name : "Error", MAX_TEXT),
      message: this.text(typeof message === "string" ? message : "", MAX_TEXT),
      ...this.#members(error, keys, level),
    };
  }

  /** Copies the simple properties of a class instance, such as an HTTP response; describes it when it has none. */
  #instance(value: object, level: number): unknown {
    const kind = Object.prototype.toString.call(value);
    if (kind === "[object URL]") return this.text(String(value), MAX_TEXT);
    const keys = [
      ...Object.keys(value),
      ...(Object.hasOwn(TELLING, kind) ? (TELLING[kind] as string[]) : []),
    ];
    const simple = keys.filter((key) => !key.startsWith("_") && isSimple(propertyOf(value, key)));
    if (simple.length === 0) return this.text(describeValue(value), MAX_TEXT);
    return this.#members(value, simple, level);
  }
}

/** The names of an error's properties, and those of a SuppressedError, which are not enumerable. */
function keysOf(error: object): string[] {
  const keys = Object.keys(error);
  return [
    ...keys,
    ...["error", "suppressed"].filter((key) => Object.hasOwn(error, key) && !keys.includes(key)),
  ];
}

function isSimple(value: unknown): boolean {
  return value === null || ["string", "number", "boolean", "bigint"].includes(typeof value);
}

/** Whether an object is a plain one, of this or another realm. */
function isDictionary(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
