import { BATCH_ITEMS } from "./limits.ts";

// How much a message may claim. The decoder checks these bounds before it makes anything of a claim, and a peer that breaks one is not heard
// any more. What this library sends stays within them. `docs/protocol.md` says which field has which bound.

/** Largest `maxWindow` of a distributor: how many items one worker may hold. */
export const MAX_WINDOW = 65_536;

/** Most references to items in one list. A worker has a window of items, and at most as many whose confirmation is on its way. */
export const MAX_REFS = 2 * MAX_WINDOW;

/** Most items with payloads in one message. */
export const MAX_ITEMS = BATCH_ITEMS;

/** Most tasks of a run. */
export const MAX_TASKS = 4096;

/** Most items that one worker may say that it executes at a time: its window is no larger. */
export const MAX_CONCURRENCY = 65_536;

/** Longest reason of a refusal, or of the end of a run, in bytes. */
export const MAX_REASON_BYTES = 4096;

/**
 * Most values in a payload: 64 MiB of empty maps would be gigabytes when they are decoded, and take seconds. A value that is slow to decode
 * counts as {@link SLOW_VALUES}.
 */
export const MAX_VALUES = 524_288;

/** How many values a binary value or an extension counts as. */
export const SLOW_VALUES = 16;

/** How many values more each value counts as in a payload that plain MessagePack cannot express. */
export const EXACT_VALUES = 2;
