import { inspect, types } from "node:util";

/** Typed arrays that a payload may hold; the index is their code in MessagePack's extension 0x74. A Buffer is encoded as bin instead. */
const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** The code of an ArrayBuffer in the same extension. */
export const ARRAY_BUFFER_CODE = 16;

/** An object's kind for the encoder. `elsewhere` is data of another realm (node:vm, a test runner), which is converted to this one's. */
export type OwnKind = "object" | "bare" | "list" | "data" | "elsewhere" | "other";

/** Reads a typed array's kind, even of another realm or when the object hides its kind. */
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

const DATA: ReadonlySet<unknown> = new Set([
  Date.prototype,
  ArrayBuffer.prototype,
  ...TYPED_ARRAYS.map(({ prototype }) => prototype),
  // In a test runner's realm, Buffer belongs to the outer realm: a check of its class would not recognise binary data.
  ...(Buffer.prototype instanceof Uint8Array ? [Buffer.prototype] : []),
]);

/** Longest list whose keys are listed: listing each index of a longer one takes longer than encoding it. */
const FEW = 64;

/** An object's kind, by its prototype and internal slots, not by its properties. */
export function kindOf(value: object): OwnKind {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return "object";
  if (prototype === Array.prototype) return Array.isArray(value) ? "list" : "other";
  if (DATA.has(prototype)) return isData(value) ? "data" : "other";
  if (prototype === null) return types.isModuleNamespaceObject(value) ? "other" : "bare";
  return kindElsewhere(value, prototype as object);
}

/** The kind of an object whose prototype is not this realm's. Own methods tell another realm's prototype from a subclass's. */
function kindElsewhere(value: object, prototype: object): OwnKind {
  if (Array.isArray(value)) return Array.isArray(prototype) ? "list" : "other";
  if (types.isDate(value)) return Object.hasOwn(prototype, "getTime") ? "elsewhere" : "other";
  if (types.isTypedArray(value)) {
    const isKnown = Object.hasOwn(prototype, "BYTES_PER_ELEMENT") || Buffer.isBuffer(value);
    return isKnown && codeOf(value) !== undefined ? "elsewhere" : "other";
  }
  if (types.isArrayBuffer(value)) return Object.hasOwn(prototype, "slice") ? "elsewhere" : "other";
  const isObject = Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty");
  return isObject && !types.isProxy(prototype) ? "object" : "other";
}

/** Whether an object really holds data: `Object.create(Date.prototype)` does not. */
function isData(value: object): boolean {
  return types.isTypedArray(value) || types.isDate(value) || types.isArrayBuffer(value);
}

/** The code of a typed array's kind; nothing for a kind without one (Float16Array). */
export function codeOf(value: object): number | undefined {
  const code = TYPED_ARRAYS.findIndex(({ name }) => name === tagOf.call(value));
  return code < 0 ? undefined : code;
}

/** The first property of a list or of data that is not an element; nothing in the normal case. */
export function extraProperty(value: object): string | undefined {
  const length = Array.isArray(value) || types.isTypedArray(value) ? value.length : 0;
  // inspect() finds properties without listing the elements. An ending like this proves that there are none.
  if (length > FEW && inspect(value, QUICK).endsWith(`[ ... ${length} more items ]`)) return undefined;
  const keys = Object.keys(value);
  return keys.at(-1) !== undefined && !isIndex(keys.at(-1) as string)
    ? keys.find((key) => !isIndex(key))
    : undefined;
}

const QUICK = { maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY };

function isIndex(key: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(key);
}
