// Makes the file that is named on the command line executable, as npm does when it installs the package.
import { chmodSync } from "node:fs";

chmodSync(String(process.argv[2]), 0o755);
