import { BATCH_ITEMS } from "./limits.ts";

// How much a message may claim. The decoder checks these bounds before it makes anything of a claim, and a peer that breaks one is not heard
// any more. What this library sends stays within them. `docs/protocol.md` says which field has which bound.

/** Largest `maxWindow` of a distributor: how many items one worker may hold. */
export const MAX_WINDOW = 16_384;

/** Most references to items in one list. A worker has a window of items, and at most as many whose confirmation is on its way. */
export const MAX_REFS = 2 * MAX_WINDOW;

/** Most requests in one failure: its error may be long. */
export const MAX_FAILED_REQUESTS = 8192;

/** Most items with payloads in one message. */
export const MAX_ITEMS = BATCH_ITEMS;

/** Most tasks of a run. */
export const MAX_TASKS = 4096;

/** Most items that one worker may say that it executes at a time: its window is no larger. */
export const MAX_CONCURRENCY = 16_384;

/** Longest ticket of a worker, in bytes: room for 32 bytes in hexadecimal digits. A distributor of this library makes them half as long. */
export const MAX_TICKET_BYTES = 64;

/** Longest reason of a refusal, or of the end of a run, in bytes. */
export const MAX_REASON_BYTES = 4096;

/**
 * What the values of a payload count as in all, at the most. One counts as about 50 ns of decoding, which happens without a turn of the event loop:
 * `benchmarks/decoding.ts` decodes the largest payload of each kind.
 */
export const MAX_VALUES = 524_288;

/** A payload of at most this many bytes is not counted: it cannot hold too many values. */
export const UNCOUNTED_BYTES = 32_768;

/** What values count as. A plain number, a boolean and null count as 1. */
export const VALUES = {
  /** An integer of 64 bits, which may be a bigint. */
  integer64: 4,
  /** A list, without its elements, and a map, without its keys and values. */
  list: 3,
  map: 3,
  text: 3,
  /** What the keys of a map count as, in addition to their text: one of the first {@link SHAPED_KEYS}, after the same keys as in an earlier map. */
  knownKey: 0,
  /** The same where the payload has more than {@link MANY_SHAPES} different sequences of keys: the engine finds none of them fast. */
  scatteredKey: 12,
  /** One of the first {@link SHAPED_KEYS} keys of a map, where it is not known. */
  newKey: 30,
  /** Any other key. */
  laterKey: 10,
  /** A key that is a number, in addition. */
  numberKey: 12,
  /** A bin. */
  binary: 20,
  /** An extension: a date, a bigint, a typed array, `undefined`. */
  extension: 30,
  /** How much more each value counts as in a payload that plain MessagePack cannot express. */
  exact: 3,
  /** The same for an integer of 64 bits, a bin or an extension. */
  exactSlow: 36,
} as const;

/** How many bytes of a value count as 1, in addition to the value itself. */
export const BYTES_PER_VALUE = {
  /** Binary data and ASCII text, which are copied. */
  copied: 80,
  /** The first {@link SHORT_TEXT_BYTES} bytes of an ASCII text: a text that is no longer than that lies among other values in memory. */
  shortText: 16,
  /** Text with other characters. */
  text: 7,
  key: 8,
  bigint: 3,
} as const;

export const SHORT_TEXT_BYTES = 256;

/** How many keys of a map an engine describes as a kind of object. */
export const SHAPED_KEYS = 16;

/** So many kinds of objects are found fast. */
export const MANY_SHAPES = 256;
