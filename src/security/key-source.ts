import { statSync } from "node:fs";
import { describeThrown } from "../protocol/thrown.ts";
import { type RoleKeys, readKeyFile } from "./key-file.ts";
import type { KeyRole } from "./key-role.ts";

/** How often a file of keys is checked for changes, in ms: a revoked peer is disconnected after about this time. */
const LOOK_MS = 1000;

/** A listener that hears of changes. */
export interface KeyWatcher {
  /** The roles whose keys it lets in. */
  readonly peers: readonly KeyRole[];
  /** A key of these roles was taken off the list. */
  revoked(): void;
  /** The file has changed and cannot be used; its earlier content still counts. */
  problem(text: string): void;
}

/** One role's keys: a file's, read again when it changes, or made in this process. */
export class KeySource {
  readonly #path: string | undefined;
  readonly #watchers = new Set<KeyWatcher>();
  #keys: RoleKeys;
  #stamp: string;
  #timer: NodeJS.Timeout | undefined;

  /** @param path - The file that the keys came from. */
  constructor(keys: RoleKeys, path?: string) {
    this.#keys = keys;
    this.#path = path;
    this.#stamp = this.#look();
  }

  get keys(): RoleKeys {
    return this.#keys;
  }

  /** Whether a key is on the list, or has come onto it by now. */
  allows(peers: readonly KeyRole[], publicKey: string): boolean {
    if (allowedKeys(this.#keys, peers).has(publicKey)) return true;
    this.#refresh();
    return allowedKeys(this.#keys, peers).has(publicKey);
  }

  /** @returns Ends the watching. */
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
      // Our own keys stay what they are: the sockets have them.
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

  /** Distinguishes the file's states. */
  #look(): string {
    if (this.#path === undefined) return "";
    const found = statSync(this.#path, { throwIfNoEntry: false });
    return found === undefined ? "missing" : `${found.ino} ${found.mtimeMs} ${found.size} ${found.mode}`;
  }
}

function allowedKeys({ allowed }: RoleKeys, peers: readonly KeyRole[]): Set<string> {
  return new Set(peers.flatMap((peer) => Object.values(allowed[peer] ?? {})));
}
