import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const SWITCH = fileURLToPath(new URL("./network.py", import.meta.url));

/** Why no network can be made here; nothing where it can. */
export function whyNoNetwork(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  if (!existsSync("/dev/net/tun")) return "there is no /dev/net/tun";
  for (const [tool, arg] of [
    ["python3", "--version"],
    ["ip", "-V"],
    ["nsenter", "--version"],
  ] as const)
    if (spawnSync(tool, [arg]).status !== 0) return `there is no ${tool}`;
  if (spawnSync("unshare", ["--net", "true"]).status !== 0) return "no network namespace can be made";
  return undefined;
}

/** What happens on the way from one host to another. */
export interface WayChanges {
  readonly cut?: boolean;
  readonly delayMs?: number;
  readonly lossPercent?: number;
}

/** Hosts with addresses of their own, as network namespaces with a switch between them. It is gone when the test ends. */
export class HostNetwork {
  readonly #switch: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #addresses: string[];
  #namespaces: readonly number[] = [];

  static async start(hosts: number): Promise<HostNetwork> {
    const network = new HostNetwork(Array.from({ length: hosts }, (_, host) => `10.77.0.${host + 1}`));
    network.#namespaces = JSON.parse(await network.#line()) as number[];
    return network;
  }

  private constructor(addresses: string[]) {
    this.#addresses = addresses;
    this.#switch = spawn("python3", [SWITCH, JSON.stringify(addresses)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const exited = once(this.#switch, "exit");
    const lines: Interface = createInterface({ input: this.#switch.stdout as NodeJS.ReadableStream });
    this.#lines = lines[Symbol.asyncIterator]();
    onTestFinished(async () => {
      this.#switch.stdin?.end();
      await exited;
    });
  }

  get size(): number {
    return this.#addresses.length;
  }

  address(host: number): string {
    return this.#addresses[host] as string;
  }

  /** What stands before a command that runs on the host. */
  launcher(host: number): readonly string[] {
    return ["nsenter", `--net=/proc/${this.#switch.pid}/fd/${this.#namespaces[host]}`, "--"];
  }

  /** Changes the way from one host to another, and not the way back. */
  async change(from: number, to: number, changes: WayChanges): Promise<void> {
    await this.#command({ from, to, ...changes });
  }

  /** Changes the ways between two groups of hosts, in both directions. */
  async changeBetween(
    some: readonly number[],
    others: readonly number[],
    changes: WayChanges,
  ): Promise<void> {
    for (const a of some)
      for (const b of others)
        if (a !== b) {
          await this.change(a, b, changes);
          await this.change(b, a, changes);
        }
  }

  /** Limits what a host can send; 0 takes the limit away. */
  async limit(host: number, bitsPerSecond: number): Promise<void> {
    await this.#command({ uplink: host, bitsPerSecond });
  }

  /** Gives a host another address, as a new lease does: what was sent to the old one arrives nowhere. */
  async readdress(host: number, address: string): Promise<void> {
    const [enter = "", ...args] = this.launcher(host);
    const run = (command: string) => execFileSync(enter, [...args, "ip", ...command.split(" ")]);
    run("address flush dev net0");
    run(`address add ${address}/24 dev net0`);
    this.#addresses[host] = address;
    await this.#command({ address, host });
  }

  async #command(command: object): Promise<void> {
    this.#switch.stdin?.write(`${JSON.stringify(command)}\n`);
    await this.#line();
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("The network's switch has ended");
    return value;
  }
}
