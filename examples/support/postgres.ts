// A PostgreSQL server of an example's own: in a temporary folder, on the loopback, gone at the end.
import { type ChildProcess, execFileSync, type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** How long the server may take to start, recovery included, in ms. */
const START_MS = 60_000;

/** Where Debian has the server's programs, a folder for each version. */
const DEBIAN = "/usr/lib/postgresql";

/** Gives the action a server, and removes it afterwards. */
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
  /** PostgreSQL does not run as root. */
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

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", `port=${this.#port}`];
    const flags = ["-D", join(this.#folder, "data"), ...settings.flatMap((setting) => ["-c", setting])];
    const child = spawn(join(this.#programs, "postgres"), flags, {
      ...this.#user,
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true, // a group of its own, to be killed as one
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

  /** All of its processes, at once, as a machine's end does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    process.kill(-child.pid, "SIGKILL");
    await ended;
  }

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

/** From Debian's packages, where that can be done. */
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
