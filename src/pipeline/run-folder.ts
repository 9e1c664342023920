import { existsSync } from "node:fs";
import { lstat, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PipelineError } from "../errors.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { MAX_IPC_PATH_BYTES } from "../protocol/limits.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { makeOwnFolder, readOwner, sweepFolder, sweepFolders } from "./own-folder.ts";
import { ownTitle } from "./own-title.ts";
import { isProvenDead, type ProcessIdentity } from "./process-identity.ts";

const PREFIX = "zqp-local-";

/** The file in the folder that says where its run answers. */
const NOTE = "run.json";

/** Room for the name of the folder and of a socket in it, in bytes. */
const NAME_BYTES = 1 + PREFIX.length + 6 + "/work".length;

/** After the pipes of a run's process have ended: how long its own end is waited for, and how often that is checked, in ms. */
const ORPHANED_MS = 500;
const ORPHANED_STEP_MS = 20;

/** What a run says of itself. */
interface RunNote {
  readonly endpoint: string;
  /** The command that runs, for people. */
  readonly title: string;
}

/** A run of this user on this machine. */
export interface AnnouncedRun extends RunNote {
  readonly folder: string;
  readonly owner: ProcessIdentity;
}

/** The folder with the sockets of one run. Only this user may enter it. */
export class RunFolder {
  readonly path: string;
  readonly #swept: Promise<unknown>;

  private constructor(path: string) {
    this.path = path;
    this.#swept = Promise.all(usableBases().map((base) => sweepFolders(base, PREFIX)));
  }

  /**
   * Makes the folder in the one for temporary files; in another of the usual folders if that is missing, cannot be written to, or has a path
   * that is too long for sockets. In all of these, the folders of runs that were killed are removed.
   *
   * @throws PipelineError `BIND_FAILED` when the folder can be made nowhere.
   */
  static async make(): Promise<RunFolder> {
    return new RunFolder((await makeAnywhere()).path);
  }

  /**
   * Makes a folder as a run does, and removes it.
   *
   * @returns Where runs have their folders, and why that is not the folder for temporary files, where it is another.
   * @throws PipelineError `BIND_FAILED` when the folder can be made nowhere.
   */
  static async probe(): Promise<{ readonly base: string; readonly problem: string | undefined }> {
    const { path, problems } = await makeAnywhere();
    await rm(path, { recursive: true, force: true });
    const [base, wanted] = [dirname(path), resolve(tmpdir())];
    if (base === wanted) return { base, problem: undefined };
    const cause = problems.find((problem) => problem.base === wanted)?.cause;
    const problem = cause === undefined ? `${wanted} is too long a path for sockets` : describeThrown(cause);
    return { base, problem };
  }

  /** Notes at which endpoint the run can be asked how it stands, for `zmqpipeline top`. */
  async announce(endpoint: EndpointAddress): Promise<void> {
    const note: RunNote = { endpoint: endpoint.address, title: ownTitle() };
    await writeFile(join(this.path, NOTE), JSON.stringify(note), { mode: 0o600 });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    await this.#swept;
  }
}

/**
 * Removes the run's folder from a worker's process, when the process that made the folder has ended.
 *
 * @param endpoint - The endpoint of a socket in the folder.
 */
export async function removeOrphaned(endpoint: string): Promise<void> {
  const path = dirname(endpoint.replace(/^ipc:\/\//, ""));
  if (!endpoint.startsWith("ipc://") || !basename(path).startsWith(PREFIX)) return;
  // The pipes of a process end a moment before the process does.
  for (let waited = 0; existsSync(path) && waited < ORPHANED_MS; waited += ORPHANED_STEP_MS) {
    await sweepFolder(path);
    await sleep(ORPHANED_STEP_MS);
  }
}

/** The runs of this user that have announced where they answer, and whose process has not certainly ended. */
export async function announcedRuns(): Promise<AnnouncedRun[]> {
  const found = await Promise.all(usableBases().map(announcedIn));
  return found.flat().sort((one, other) => one.owner.pid - other.owner.pid);
}

async function announcedIn(base: string): Promise<AnnouncedRun[]> {
  const names = await readdir(base).catch(() => []); // a folder that cannot be listed has no runs of this user
  const found = await Promise.all(
    names.filter((name) => name.startsWith(PREFIX)).map((name) => announcedAt(join(base, name))),
  );
  return found.filter((run) => run !== undefined);
}

async function announcedAt(folder: string): Promise<AnnouncedRun | undefined> {
  try {
    const { uid } = await lstat(folder);
    if (uid !== (process.getuid?.() ?? uid)) return undefined; // another user may write there whatever they like
    const owner = await readOwner(folder);
    if (owner === undefined || isProvenDead(owner)) return undefined;
    const { endpoint, title } = JSON.parse(await readFile(join(folder, NOTE), "utf8")) as Partial<RunNote>;
    if (typeof endpoint !== "string" || typeof title !== "string") return undefined;
    return { folder, owner, endpoint, title };
  } catch {
    return undefined; // the run begins or ends at this moment, or the folder belongs to another program
  }
}

/** Whether a run has certainly ended: its folder is gone, or its process has ended without removing it. */
export function hasCertainlyEnded({ folder, owner }: AnnouncedRun): boolean {
  return !existsSync(folder) || isProvenDead(owner);
}

/** The folder for temporary files, then the other usual folders: those whose path leaves room for a socket's name. */
function usableBases(): string[] {
  const others = process.platform === "win32" ? [] : [process.env.XDG_RUNTIME_DIR ?? "", "/tmp", "/var/tmp"];
  const bases = [tmpdir(), ...others].filter((base) => base !== "").map((base) => resolve(base));
  return [...new Set(bases)].filter(
    (base) => process.platform === "win32" || Buffer.byteLength(base) + NAME_BYTES <= MAX_IPC_PATH_BYTES,
  );
}

/** Why no folder can be made in one of the usual ones. */
interface BaseProblem {
  readonly base: string;
  readonly cause: unknown;
}

/** Makes the folder in the first of the usual folders where that is possible. */
async function makeAnywhere(): Promise<{ readonly path: string; readonly problems: readonly BaseProblem[] }> {
  const problems: BaseProblem[] = [];
  for (const base of usableBases()) {
    try {
      return { path: await makeOwnFolder(base, PREFIX), problems };
    } catch (cause) {
      problems.push({ base, cause });
    }
  }
  throw unusable(problems);
}

function unusable(problems: readonly BaseProblem[]): PipelineError {
  const [first] = problems;
  const cause = first?.cause;
  const isLimit = ["EMFILE", "ENFILE"].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? "");
  const advice = isLimit
    ? "raise the limit of open files (ulimit -n)"
    : "set TMPDIR to a folder that exists, can be written to, has room, and has a short path";
  const tried = problems.map(({ cause }) => describeThrown(cause)).join("; ");
  const text = `The sockets of the run need a folder for temporary files, and none can be made in ${JSON.stringify(tmpdir())}, which TMPDIR names, or in another usual folder: ${tried}; ${advice}`;
  return new PipelineError("BIND_FAILED", text, { role: "distributor", cause });
}
