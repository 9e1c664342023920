// Writes docs/protocol-vectors.json. Usage: npm run vectors
import { writeFileSync } from "node:fs";
import { vectors } from "./protocol/vectors.ts";

writeFileSync(new URL("../docs/protocol-vectors.json", import.meta.url), vectors());
