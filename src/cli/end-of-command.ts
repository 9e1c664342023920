import { SIGNAL_CODES } from "./interrupts.ts";
import { EXIT } from "./output.ts";

/** How long after the command's end the process may take to end by itself, in ms. */
const GRACE_MS = 1000;

/** Exit codes of a command that was asked to end. */
const CUT_SHORT: readonly number[] = [...Object.values(SIGNAL_CODES), EXIT.unread];

/** What `process` has, as far as the end of a command needs it. */
interface EndingProcess {
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Pick<NodeJS.WritableStream, "write">;
  getActiveResourcesInfo(): readonly string[];
  exit(code: number): void;
}

/**
 * Call it when the command is over. What the user's file has left open, such as a timer or a connection, keeps the process alive: after a
 * signal, or when nobody reads the output, the process is ended all the same, once what it has written is out. Otherwise the user is told:
 * what is open may still have something to do.
 *
 * @param graceMs - How long the process may take to end by itself.
 */
export function endCommand(
  code: number,
  { stdout, stderr, exit, getActiveResourcesInfo }: EndingProcess = process,
  graceMs: number = GRACE_MS,
): void {
  if (CUT_SHORT.includes(code)) {
    const end = () => void setTimeout(() => exit(code), graceMs).unref();
    // Called also where the stream is broken.
    stdout.write("", () => stderr.write("", end));
    return;
  }
  setTimeout(() => {
    const open = [...new Set(getActiveResourcesInfo().filter(isOfUser))];
    const what = open.length === 0 ? "" : ` (${open.join(", ")})`;
    stderr.write(
      `The command is over, but something that is still open keeps the process running${what}: close it in your file, or press Ctrl-C\n`,
    );
  }, graceMs * 2).unref();
}

/** Whether a resource may be the user's: the process's own streams are not. */
function isOfUser(resource: string): boolean {
  return !["TTYWrap", "PipeWrap", "SignalWrap", "FSReqPromise"].includes(resource);
}
