import { statSync } from "node:fs";
import { join } from "node:path";
import { PipelineError } from "../errors.ts";
import { atCaller } from "../self/at-caller.ts";
import type { LinkKeys, ListenKeys } from "../transport/transport.ts";
import { readKeyFile, unusable } from "./key-file.ts";
import { makeKeyFolder, readKeyFolder } from "./key-folder.ts";
import type { KeyRole } from "./key-role.ts";
import { DEFAULT_NAME, makeKeySet } from "./key-set.ts";
import { KeySource } from "./key-source.ts";

/** Gives the keys for a role's listener. A symbol, so that it is not part of the public API. */
export const listenKeys: unique symbol = Symbol("listenKeys");

/** Gives the keys for a role's link. */
export const linkKeys: unique symbol = Symbol("linkKeys");

/**
 * Keys for the `security` option of every role. With them, all `tcp` links use CURVE: they are encrypted, both sides are authenticated, and
 * no other peer can connect. `ipc` and `inproc` links are not encrypted, because only this user can reach them.
 *
 * @example
 * ```ts
 * import { Distributor, EndpointAddress, Security } from "zmqpipeline";
 *
 * // Made by `npx zmqpipeline keys init keys`.
 * const security = Security.load("keys/distributor.json");
 * const distributor = new Distributor({
 *   collectorEndpoint: new EndpointAddress("tcp://db1:5558"),
 *   collectorAckEndpoint: new EndpointAddress("tcp://db1:5559"),
 *   security,
 * });
 * ```
 */
export class Security {
  readonly #sources: ReadonlyMap<KeyRole, KeySource>;

  private constructor(sources: ReadonlyMap<KeyRole, KeySource>) {
    this.#sources = sources;
  }

  /**
   * Reads keys. A role that listens reads its changed file again: it then accepts added keys and disconnects revoked ones.
   *
   * @param path - A role's file, or a folder, from which each role takes its own file (`worker.json` for workers).
   * @throws PipelineError `KEYS_UNUSABLE` when the path is missing, damaged, belongs to another user, or can be read by other users.
   */
  static load(path: string): Security {
    atCaller(Security.load, () => {
      if (typeof path !== "string" || path === "")
        throw new TypeError("Security.load() takes the path of a key file, or of a folder of keys");
    });
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw unusable(path, "does not exist");
    if (!found.isDirectory()) {
      const keys = readKeyFile(path);
      return new Security(new Map([[keys.role, new KeySource(keys, path)]]));
    }
    const files = [...readKeyFolder(path)].filter(([, { name }]) => name === DEFAULT_NAME);
    return new Security(
      new Map(files.map(([file, keys]) => [keys.role, new KeySource(keys, join(path, file))])),
    );
  }

  /** Makes new keys for all roles in memory. Use them for roles in one process, or {@link save} them. */
  static generate(): Security {
    return new Security(new Map(makeKeySet().map((keys) => [keys.role, new KeySource(keys)])));
  }

  /** The roles that these keys are for. */
  get roles(): KeyRole[] {
    return [...this.#sources.keys()];
  }

  /**
   * Writes a file for each role into a new folder (mode 0700, files 0600), as `zmqpipeline keys init` does.
   *
   * @returns The files' paths.
   * @throws PipelineError `KEYS_EXIST` when the folder is not empty.
   */
  save(folder: string): string[] {
    return makeKeyFolder(
      folder,
      [...this.#sources.values()].map(({ keys }) => keys),
    );
  }

  /** @internal @throws PipelineError `KEYS_UNUSABLE` when these are not the role's keys. */
  [listenKeys](role: KeyRole, peers: readonly KeyRole[]): ListenKeys {
    const source = this.#source(role);
    const { publicKey, secretKey } = source.keys;
    return {
      publicKey,
      secretKey,
      allows: (key) => source.allows(peers, key),
      watch: (watcher) => source.watch({ peers, ...watcher }),
    };
  }

  /** @internal @throws PipelineError `KEYS_UNUSABLE` when these are not the role's keys. */
  [linkKeys](role: KeyRole, server: KeyRole): LinkKeys {
    const { publicKey, secretKey, servers } = this.#source(role).keys;
    const serverKey = servers[server];
    if (serverKey === undefined)
      throw new PipelineError("KEYS_UNUSABLE", `The ${role}'s keys have no public key of the ${server}`, {
        role,
      });
    return { publicKey, secretKey, serverKey };
  }

  #source(role: KeyRole): KeySource {
    const source = this.#sources.get(role);
    if (source !== undefined) return source;
    const message = `These keys belong to the ${this.roles.join(", ")}: a ${role} needs its own, ${role}.json`;
    throw new PipelineError("KEYS_UNUSABLE", message, { role });
  }
}
