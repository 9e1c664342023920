import { readFileSync } from "node:fs";
import { LIBRARY_FOLDER } from "./library-folder.ts";

/** What the library reads of its own `package.json`. */
export interface OwnManifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** @returns The library's `package.json`, which stands beside its folder of files. */
export function ownManifest(): OwnManifest {
  return JSON.parse(readFileSync(new URL("../package.json", LIBRARY_FOLDER), "utf8")) as OwnManifest;
}
