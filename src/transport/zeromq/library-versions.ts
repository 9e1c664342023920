import { createRequire } from "node:module";
import { zeromq } from "./zeromq-socket.ts";

/** What the engine is made of. @throws Whatever loading it throws. */
export function libraryVersions() {
  const { version, capability } = zeromq();
  const manifest = createRequire(import.meta.url)("zeromq/package.json") as { version: string };
  return { zeromq: manifest.version, libzmq: version, hasCurve: capability.curve === true };
}
