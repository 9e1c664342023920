import { PipelineError } from "../errors.ts";
import { freeDescriptors } from "../role/descriptor-limit.ts";

/** Files that a run opens: sockets, and libzmq's own. */
const RUN_FILES = 32;

/** Files for each worker: pipes, connections, and some while it starts. */
const WORKER_FILES = 8;

/**
 * Checks that enough files may be opened. Without descriptors for its sockets, libzmq would end the whole process.
 *
 * @throws PipelineError `BIND_FAILED` when there are certainly too few.
 */
export function assertDescriptors(workers: number): void {
  const free = freeDescriptors();
  const needed = RUN_FILES + WORKER_FILES * workers;
  if (free === undefined || free >= needed) return;
  const text =
    `A run with ${workers} ${workers === 1 ? "worker" : "workers"} opens up to ${needed} files, and this process may open ${free} more: ` +
    "raise the limit of open files (ulimit -n), or start fewer workers";
  const cause = Object.assign(new Error("too many open files"), { code: "EMFILE" });
  throw new PipelineError("BIND_FAILED", text, { role: "distributor", cause });
}
