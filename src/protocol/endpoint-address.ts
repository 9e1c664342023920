import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atCaller } from "../self/at-caller.ts";
import { MAX_IPC_PATH_BYTES } from "./limits.ts";

/** The transport of an endpoint. */
export type EndpointScheme = "tcp" | "ipc" | "inproc";

/** The options of an {@link EndpointAddress}. */
export interface EndpointAddressOptions {
  /**
   * The address that the role binds when peers connect to a different one: for instance `tcp://0.0.0.0:5551` behind a public host
   * name. It must have the same scheme as the address.
   * @default the address itself
   */
  readonly bind?: string;
}

const WANTED = "must be tcp://host:port, ipc://path or inproc://name";
const LOOPBACK = "127.0.0.1";

/** The folder of {@link EndpointAddress.private}: a short path, because socket paths are limited. */
export const PRIVATE_FOLDER = join(tmpdir(), `zmqpipeline-${process.getuid?.() ?? "user"}`);

/**
 * The address at which a role listens and its peers connect. Creating one opens nothing.
 *
 * `tcp://localhost:5558` binds the loopback interface only. `tcp://*:5558` and `tcp://0.0.0.0:5558` bind every interface; peers then
 * connect to the loopback. `ipc://` paths may be relative to the working directory. `inproc://` names connect roles of one process.
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
  /** The address that peers connect to. */
  readonly connectAddress: string;
  /** The address that the listening role binds. */
  readonly bindAddress: string;

  /**
   * @param address - `tcp://host:port`, `ipc://path` or `inproc://name`.
   * @throws TypeError when the address or `options.bind` is anything else; the message has the value and the rule.
   */
  constructor(address: string, options: EndpointAddressOptions = {}) {
    const { own, bind } = atCaller(EndpointAddress, () => parseBoth(address, options));
    this.address = address;
    this.scheme = own.scheme;
    this.connectAddress = own.connect;
    this.bindAddress = bind.bind;
    Object.freeze(this);
  }

  /**
   * Creates an `ipc` endpoint in a folder that only this user can enter. All processes of the user on this machine share the folder if
   * they have the same `TMPDIR`. Binding the endpoint creates the folder, and fails when the folder belongs to another user.
   *
   * @param name - A file name: letters, digits, `.`, `_` and `-`.
   * @throws TypeError when the name is not a file name, or the path becomes too long.
   *
   * @example
   * ```ts
   * const WORKER = EndpointAddress.private("worker");
   * ```
   */
  static private(name: string): EndpointAddress {
    return atCaller(EndpointAddress.private, () => {
      if (typeof name !== "string" || !/^[\w-][\w.-]*$/.test(name))
        throw new TypeError(
          `Name ${describe(name)} must be a file name of letters, digits, ".", "_" and "-"`,
        );
      return new EndpointAddress(`ipc://${PRIVATE_FOLDER}/${name}`);
    });
  }

  /**
   * Whether only this machine can connect: `ipc`, `inproc`, and `tcp` on a loopback address or `localhost`. Every other host name
   * counts as reachable from outside, whatever it resolves to.
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

function parseBoth(address: string, options: unknown): { readonly own: Parsed; readonly bind: Parsed } {
  if (typeof options !== "object" || options === null)
    throw new TypeError(
      `EndpointAddress takes an object of options, such as { bind }, not ${describe(options)}`,
    );
  const unknown = Object.keys(options).find((name) => name !== "bind");
  if (unknown !== undefined)
    throw new TypeError(`EndpointAddress has no option ${JSON.stringify(unknown)}; it has bind`);
  const own = parse(address);
  const given = (options as EndpointAddressOptions).bind;
  const bind = given === undefined ? own : parse(given);
  if (bind.scheme !== own.scheme)
    throw new TypeError(
      `Bind address ${JSON.stringify(given)} must have the scheme of ${JSON.stringify(address)}`,
    );
  return { own, bind };
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
