import { statSync } from "node:fs";
import { describeThrown } from "../protocol/thrown.ts";
import { type RoleKeys, readKeyFile } from "./key-file.ts";
import type { KeyRole } from "./key-role.ts";

/** How often a key file is checked for changes: a revoked peer is disconnected after about this time. */
const LOOK_MS = 1000;

/** A listener that is told about changes of the list of keys. */
export interface KeyWatcher {
  /** The roles whose keys the listener accepts. */
  readonly peers: readonly KeyRole[];
  /** A key of these roles was removed from the list. */
  revoked(): void;
  /** The changed file cannot be used; the previous list stays in force. */
  problem(text: string): void;
}

/** One role's keys. They come from a file that is read again when it changes, or were made in this process. */
export class KeySource {
  readonly #path: string | undefined;
  readonly #watchers = new Set<KeyWatcher>();
  #keys: RoleKeys;
  #stamp: string;
  #timer: NodeJS.Timeout | undefined;

  /** @param path - The keys' file; none for keys that were made in this process. */
  constructor(keys: RoleKeys, path?: string) {
    this.#keys = keys;
    this.#path = path;
    this.#stamp = this.#look();
  }

  get keys(): RoleKeys {
    return this.#keys;
  }

  /** Whether a key is on the list. Reads a changed file again before it says no. */
  allows(peers: readonly KeyRole[], publicKey: string): boolean {
    if (allowedKeys(this.#keys, peers).has(publicKey)) return true;
    this.#refresh();
    return allowedKeys(this.#keys, peers).has(publicKey);
  }

  /** @returns A function that ends the watching. */
  watch(watcher: KeyWatcher): () => void {
    this.#watchers.add(watcher);
    if (this.#path !== undefined) this.#timer ??= setInterval(() => this.#refresh(), LOOK_MS).unref();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #refresh(): void {
    const stamp = this.#look();
    if (this.#path === undefined || stamp === this.#stamp) return;
    this.#stamp = stamp;
    const before = this.#keys;
    try {
      // The role's own keys do not change: its open sockets use them.
      this.#keys = { ...before, allowed: readKeyFile(this.#path).allowed };
    } catch (error) {
      for (const watcher of this.#watchers) watcher.problem(describeThrown(error));
      return;
    }
    for (const watcher of this.#watchers) {
      const now = allowedKeys(this.#keys, watcher.peers);
      if ([...allowedKeys(before, watcher.peers)].some((key) => !now.has(key))) watcher.revoked();
    }
  }

  /** Describes the file's state; differs when the file has changed. */
  #look(): string {
    if (this.#path === undefined) return "";
    const found = statSync(this.#path, { throwIfNoEntry: false });
    return found === undefined ? "missing" : `${found.ino} ${found.mtimeMs} ${found.size} ${found.mode}`;
  }
}

function allowedKeys({ allowed }: RoleKeys, peers: readonly KeyRole[]): Set<string> {
  return new Set(peers.flatMap((peer) => Object.values(allowed[peer] ?? {})));
}
