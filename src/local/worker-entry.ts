// What a worker's process runs: its parent, the pipeline, says what is to be worked on, and when to stop.
import { type AnyWorker, makeWorker } from "./module-worker.ts";
import type { FromWorkerProcess, ProcessError, ToWorkerProcess, WorkerStart } from "./worker-messages.ts";

let worker: AnyWorker | undefined;

process.on("message", (message: ToWorkerProcess) => {
  if (message.type === "start") void work(message);
  else if (worker === undefined) process.exit();
  else void worker.stop({ timeout: message.timeout });
});

// The pipeline is gone, however that came about: nobody needs this any more.
process.once("disconnect", () => process.exit());

// Ctrl-C reaches all processes of a terminal; the pipeline says what follows from it.
process.on("SIGINT", () => {});

async function work(start: WorkerStart): Promise<void> {
  try {
    worker = await makeWorker(start);
    tell({ type: "started" });
  } catch (error) {
    return fail("unusable", error);
  }
  try {
    await worker.run();
    tell({ type: "done" }, () => process.disconnect());
  } catch (error) {
    fail(codeOf(error) === "INIT_FAILED" ? "unusable" : "failed", error);
  }
}

function fail(type: "unusable" | "failed", error: unknown): void {
  const { name = "Error", message = String(error), stack = "" } = error instanceof Error ? error : {};
  const told: ProcessError = { name, message, stack, code: codeOf(error) };
  process.exitCode = 1;
  tell({ type, error: told }, () => process.disconnect());
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function tell(message: FromWorkerProcess, told: () => void = () => {}): void {
  process.send?.(message, told);
}
