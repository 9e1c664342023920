import { fileURLToPath } from "node:url";
import { compiled } from "./compiled.ts";
import { freePort } from "./endpoints.ts";

/** A pipeline for the command: the squares of the numbers from 1 to 200. */
export const ROLES = fileURLToPath(compiled("cli-roles"));

/** The pipeline in TypeScript: each process loads it through tsx, which takes longer than most tests. */
export const TYPED_ROLES = fileURLToPath(new URL("../fixtures/cli-roles.ts", import.meta.url));

/** The sum of the pipeline's squares, which its metadata double. */
export const SUM = 2 * ((200 * 201 * 401) / 6);

/** Free ports for the fixtures of the command, as their PORTS variable takes them. */
export async function ports(): Promise<string> {
  return (await Promise.all([freePort(), freePort(), freePort(), freePort()])).join(",");
}
