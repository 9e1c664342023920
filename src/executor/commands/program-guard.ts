import { type ChildProcess, spawn } from "node:child_process";

/**
 * Keeps the list of process groups that it is told of (`+ 12` and `- 12`, a line each), and kills those when its standard input ends: with this
 * process, in whatever way that does. A shell, because it takes a hundredth of the memory of a second Node.js.
 */
const SCRIPT = `
groups=" "
while read -r change group; do
  if [ "$change" = + ]; then groups="$groups$group "
  else groups="\${groups%% $group *} \${groups#* $group }"; fi
done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
`;

/** Kills programs when this process is killed, and cannot do it by itself. */
class ProgramGuard {
  #shell: ChildProcess | undefined;

  /** Starts the shell, before the first program runs: a worker that is killed a moment later has told it of that program. */
  ready(): void {
    if (process.platform !== "win32") this.#shell ??= this.#start(); // which has no process groups
  }

  /** A program runs, in a process group of this number. */
  began(group: number): void {
    this.#write(`+ ${group}\n`);
  }

  ended(group: number): void {
    this.#write(`- ${group}\n`);
  }

  #write(line: string): void {
    this.ready();
    this.#shell?.stdin?.write(line);
  }

  #start(): ChildProcess {
    // In a session of its own: signals for this process's group are not for it.
    const shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    shell.on("error", () => {}); // without a shell, programs end with this process unless that is killed
    shell.stdin?.on("error", () => {});
    shell.unref();
    if (shell.stdin !== null && "unref" in shell.stdin) (shell.stdin as unknown as { unref(): void }).unref();
    return shell;
  }
}

export const programGuard = new ProgramGuard();
