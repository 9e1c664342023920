import type { ExecutionInfo } from "./execution-info.ts";

/** The user's code for one item: returns the result, or a promise of it. */
export type Handler = (data: unknown, info: ExecutionInfo) => unknown;
