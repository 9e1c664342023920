import type { Payload } from "../protocol/payload/payload.ts";
import type { ExecutionInfo } from "./execution-info.ts";

/** The user's code for one item: returns the result, or a promise of it. */
export type Handler = (data: Payload, info: ExecutionInfo) => unknown;
