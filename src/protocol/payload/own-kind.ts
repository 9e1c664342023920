import { inspect, types } from "node:util";

/** Binary kinds that a payload may hold, by the code that MessagePack's extension 0x74 has for them; a Buffer is MessagePack's own bin. */
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

/** The code of an ArrayBuffer. */
export const ARRAY_BUFFER_CODE = 16;

/** What an object is to the encoder. Those `elsewhere` are of another realm (node:vm, a test runner) and are made ours. */
export type OwnKind = "object" | "bare" | "list" | "data" | "elsewhere" | "other";

/** Reads a typed array's kind, whatever realm it is of and whatever it says of itself. */
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

const DATA: ReadonlySet<unknown> = new Set([
  Date.prototype,
  ArrayBuffer.prototype,
  ...TYPED_ARRAYS.map(({ prototype }) => prototype),
  // In a realm of a test runner, Buffer is the outer realm's: what looks at the class would not take one for binary data.
  ...(Buffer.prototype instanceof Uint8Array ? [Buffer.prototype] : []),
]);

/** Longer lists are asked for their properties in another way: naming each index takes longer than encoding what is there. */
const FEW = 64;

/** What an object is: by its prototype and its insides, not by what it says of itself. */
export function kindOf(value: object): OwnKind {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return "object";
  if (prototype === Array.prototype) return Array.isArray(value) ? "list" : "other";
  if (DATA.has(prototype)) return isData(value) ? "data" : "other";
  if (prototype === null) return types.isModuleNamespaceObject(value) ? "other" : "bare";
  return kindElsewhere(value, prototype as object);
}

/** The prototype of an object of another realm is that realm's own; a subclass's prototype has none of the methods. */
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

/** An object that only inherits from a kind of data has none. */
function isData(value: object): boolean {
  return types.isTypedArray(value) || types.isDate(value) || types.isArrayBuffer(value);
}

/** The code of a typed array's kind; nothing where there is none (Float16Array). */
export function codeOf(value: object): number | undefined {
  const code = TYPED_ARRAYS.findIndex(({ name }) => name === tagOf.call(value));
  return code < 0 ? undefined : code;
}

/** The first property of a list or of data that is no element of it; nothing in the normal case. */
export function extraProperty(value: object): string | undefined {
  const length = Array.isArray(value) || types.isTypedArray(value) ? value.length : 0;
  // Only says for certain that there is none: what prints it finds properties without naming the elements.
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
