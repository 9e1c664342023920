// A PostgreSQL server for one example: in a temporary folder, on the loopback address, removed at the end.
import { type ChildProcess, execFileSync, type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./free-port.ts";

/** Longest start of the server, recovery included. */
const START_MS = 60_000;

/** The folder of the server's programs on Debian, with a folder for each version in it. */
const DEBIAN = "/usr/lib/postgresql";

/** Calls the action with a running server, and removes the server afterwards. */
export async function withPostgres<T>(action: (server: PostgresServer) => Promise<T>): Promise<T> {
  const server = new PostgresServer(await freePort());
  try {
    await server.start();
    return await action(server);
  } finally {
    await server.remove();
  }
}

export class PostgresServer {
  readonly url: string;
  readonly #port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "zmqpipeline-postgres-"));
  readonly #programs = findPrograms();
  /** PostgreSQL refuses to run as root: the user `postgres` runs it then. */
  readonly #user: { readonly uid?: number; readonly gid?: number } =
    process.getuid?.() === 0 ? userOf("postgres") : {};
  #child: ChildProcess | undefined;

  constructor(port: number) {
    this.#port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const { uid, gid } = this.#user;
    if (uid !== undefined && gid !== undefined) chownSync(this.#folder, uid, gid);
    const flags = [
      "--pgdata",
      join(this.#folder, "data"),
      "--username",
      "postgres",
      "--auth",
      "trust",
      "--no-sync",
    ];
    execFileSync(join(this.#programs, "initdb"), flags, {
      ...this.#user,
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  /** Resolves when the server accepts connections. */
  async start(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", `port=${this.#port}`];
    const flags = ["-D", join(this.#folder, "data"), ...settings.flatMap((setting) => ["-c", setting])];
    const child = spawn(join(this.#programs, "postgres"), flags, {
      ...this.#user,
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true, // in a process group of its own, so that all of it can be killed at once
    });
    this.#child = child;
    const timer = setTimeout(() => void this.kill(), START_MS);
    const lines: string[] = [];
    let isReady = false;
    for await (const line of createInterface(child.stderr)) {
      lines.push(line);
      isReady = line.includes("ready to accept connections");
      if (isReady) break;
    }
    clearTimeout(timer);
    if (!isReady) throw new Error(`PostgreSQL did not start:\n${lines.slice(-20).join("\n")}`);
    child.stderr.resume();
  }

  /** Kills all processes of the server at once, as a crash of the machine would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    process.kill(-child.pid, "SIGKILL");
    await ended;
  }

  /** Kills the server and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function findPrograms(): string {
  const found = () => {
    if (!existsSync(DEBIAN)) return undefined;
    const folders = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return folders
      .map((name) => join(DEBIAN, name, "bin"))
      .find((folder) => existsSync(join(folder, "initdb")));
  };
  const onPath = () => {
    const { stdout, status } = spawnSync("pg_config", ["--bindir"], { encoding: "utf8" });
    return status === 0 && existsSync(join(stdout.trim(), "initdb")) ? stdout.trim() : undefined;
  };
  const folder = found() ?? onPath() ?? (install() ? found() : undefined);
  if (folder === undefined) throw new Error("This needs PostgreSQL's server: apt-get install postgresql");
  return folder;
}

/** Installs the server from Debian's packages. Returns whether that was possible. */
function install(): boolean {
  console.error("PostgreSQL is not installed: apt-get install postgresql");
  const options: SpawnSyncOptions = { stdio: ["ignore", "ignore", "inherit"] };
  spawnSync("apt-get", ["update"], options);
  return (
    spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "postgresql"], options).status === 0
  );
}

function userOf(name: string): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
