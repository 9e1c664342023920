import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAX_IPC_PATH_BYTES } from "./limits.ts";

/** How an endpoint is reached. */
export type EndpointScheme = "tcp" | "ipc" | "inproc";

/** The options of an {@link EndpointAddress}. */
export interface EndpointAddressOptions {
  /**
   * The address that the endpoint's role binds, where peers connect to another one: a public host name and
   * `tcp://0.0.0.0:5551`, say. Same scheme as the address.
   * @default the address itself
   */
  readonly bind?: string;
}

const WANTED = "must be tcp://host:port, ipc://path or inproc://name";
const LOOPBACK = "127.0.0.1";

/** The folder of {@link EndpointAddress.private}: short, because paths of sockets must be. */
export const PRIVATE_FOLDER = join(tmpdir(), `zmqpipeline-${process.getuid?.() ?? "user"}`);

/**
 * Where a role listens and its peers find it. Nothing is opened by making one.
 *
 * `tcp://localhost:5558` binds the loopback interface only; `tcp://*:5558` and `tcp://0.0.0.0:5558` bind every
 * interface, and connect to the loopback. `ipc://` paths may be relative to the working directory. `inproc://` names
 * join roles of one process.
 *
 * @example
 * ```ts
 * const WORKER = new EndpointAddress("ipc://worker.ipc");
 * const ACK = new EndpointAddress("tcp://db1:5551", { bind: "tcp://0.0.0.0:5551" });
 * ```
 */
export class EndpointAddress {
  /** The address as it was given. */
  readonly address: string;
  readonly scheme: EndpointScheme;
  /** What peers connect to. */
  readonly connectAddress: string;
  /** What the owning role binds. */
  readonly bindAddress: string;

  /**
   * @param address - `tcp://host:port`, `ipc://path` or `inproc://name`.
   * @throws TypeError when the address or `options.bind` is anything else, with the value and the rule.
   */
  constructor(address: string, options: EndpointAddressOptions = {}) {
    const unknown = Object.keys(options).find((name) => name !== "bind");
    if (unknown !== undefined)
      throw new TypeError(`EndpointAddress has no option ${JSON.stringify(unknown)}; it has bind`);
    const own = parse(address);
    const bind = options.bind === undefined ? own : parse(options.bind);
    if (bind.scheme !== own.scheme) {
      throw new TypeError(
        `Bind address ${JSON.stringify(options.bind)} must have the scheme of ${JSON.stringify(address)}`,
      );
    }
    this.address = address;
    this.scheme = own.scheme;
    this.connectAddress = own.connect;
    this.bindAddress = bind.bind;
    Object.freeze(this);
  }

  /**
   * An `ipc` endpoint in a folder that only this user can enter, the same for all processes of the user on this machine
   * (with the same `TMPDIR`). It is made when the endpoint is bound, and refused where it is another user's.
   *
   * @param name - A file name: letters, digits, `.`, `_` and `-`.
   * @throws TypeError when it is none, or too long.
   *
   * @example
   * ```ts
   * const WORKER = EndpointAddress.private("worker");
   * ```
   */
  static private(name: string): EndpointAddress {
    if (typeof name !== "string" || !/^[\w-][\w.-]*$/.test(name))
      throw new TypeError(`Name ${describe(name)} must be a file name of letters, digits, ".", "_" and "-"`);
    return new EndpointAddress(`ipc://${PRIVATE_FOLDER}/${name}`);
  }

  /**
   * Whether only this machine can connect: `ipc`, `inproc`, and `tcp` on the loopback, by its address or as `localhost`. Other
   * names count as open, whatever they resolve to.
   */
  get isLocal(): boolean {
    return this.scheme !== "tcp" || /^tcp:\/\/(127\.[\d.]+|\[::1\]):/.test(this.bindAddress);
  }

  /** The address as it was given. */
  toString(): string {
    return this.address;
  }
}

interface Parsed {
  readonly scheme: EndpointScheme;
  readonly bind: string;
  readonly connect: string;
}

function parse(address: unknown): Parsed {
  if (typeof address !== "string") throw new TypeError(`Endpoint ${describe(address)} ${WANTED}`);
  const [, scheme, rest] = /^(tcp|ipc|inproc):\/\/(.+)$/s.exec(address) ?? [];
  if (scheme === undefined || rest === undefined) throw bad(address);
  if (scheme === "tcp") return parseTcp(address, rest);
  if (scheme === "ipc") return parseIpc(address, rest);
  if (rest.length > 255) throw bad(address, "a name of at most 255 characters");
  return { scheme: "inproc", bind: address, connect: address };
}

function parseTcp(address: string, rest: string): Parsed {
  const [, host, digits] = /^(\[[^\]]+\]|[^:[\]/\s]+):(\d{1,5})$/.exec(rest) ?? [];
  if (host === undefined || digits === undefined) throw bad(address);
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw bad(address, "a port from 1 to 65535");
  if (!isHost(host)) throw bad(address, "a host name, an IP address or *");
  const everywhere = host === "*" || host === "0.0.0.0";
  const bindHost = host === "localhost" ? LOOPBACK : everywhere ? "0.0.0.0" : host;
  const connectHost = host === "localhost" || everywhere ? LOOPBACK : host === "[::]" ? "[::1]" : host;
  return { scheme: "tcp", bind: `tcp://${bindHost}:${port}`, connect: `tcp://${connectHost}:${port}` };
}

function isHost(host: string): boolean {
  if (host === "*") return true;
  if (host.startsWith("[")) return isIP(host.slice(1, -1)) === 6;
  if (/^[\d.]+$/.test(host)) return isIP(host) === 4;
  return (
    host.length <= 253 &&
    /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host)
  );
}

function parseIpc(address: string, path: string): Parsed {
  if (path.includes("\0") || path.startsWith("@") || path === "*" || path.endsWith("/"))
    throw bad(address, "a file path");
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_IPC_PATH_BYTES) {
    throw bad(address, `a path of at most ${MAX_IPC_PATH_BYTES} bytes (it has ${bytes})`);
  }
  return { scheme: "ipc", bind: address, connect: address };
}

function bad(address: string, detail?: string): TypeError {
  return new TypeError(
    `Endpoint ${JSON.stringify(address)} ${WANTED}${detail === undefined ? "" : `, with ${detail}`}`,
  );
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? Object.prototype.toString.call(value) : String(value);
}
