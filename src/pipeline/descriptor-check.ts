import { PipelineError } from "../errors.ts";
import { freeDescriptors } from "../role/descriptor-limit.ts";

/** Files that a run opens: sockets and what libzmq has of its own. */
const RUN_FILES = 32;

/** Files for each worker: its pipes, its connections, and what starting it takes for a moment. */
const WORKER_FILES = 8;

/**
 * Without descriptors for its sockets libzmq ends the whole process: an error of the run is better.
 *
 * @throws PipelineError `BIND_FAILED` where it is known that there are too few.
 */
export function assertDescriptors(workers: number): void {
  const free = freeDescriptors();
  const needed = RUN_FILES + WORKER_FILES * workers;
  if (free === undefined || free >= needed) return;
  const text =
    `A run with ${workers} workers opens up to ${needed} files, and this process may open ${free} more: ` +
    "raise the limit of open files (ulimit -n), or start fewer workers";
  const cause = Object.assign(new Error("too many open files"), { code: "EMFILE" });
  throw new PipelineError("BIND_FAILED", text, { role: "distributor", cause });
}
