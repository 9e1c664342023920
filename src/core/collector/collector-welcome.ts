import type { Welcome } from "../../protocol/batch-message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";

/** A collector's answer to workers and distributors. */
export function collectorWelcome(runId: string, peerId: string): Welcome {
  return {
    type: "welcome",
    runId,
    role: "collector",
    peerId,
    timeoutMs: 0,
    ticket: "",
    context: "",
    metadata: EMPTY,
  };
}
