import { marksOfWorker } from "../self/nesting.ts";
import { nodeOptionsForWorkers } from "./node-options.ts";

/** The variable that carries the program's `NODE_OPTIONS` to a worker that starts with fewer options. */
const NODE_OPTIONS = "ZMQPIPELINE_NODE_OPTIONS";

/** The environment of a worker's process: this program's, and variables of this library. */
export function environmentOfWorker(): NodeJS.ProcessEnv {
  const environment = { ...process.env, ...marksOfWorker() };
  const { NODE_OPTIONS: options } = process.env;
  if (options === undefined) return environment;
  const passed = nodeOptionsForWorkers(options);
  return passed === options ? environment : { ...environment, NODE_OPTIONS: passed, [NODE_OPTIONS]: options };
}

/** In a worker's process: restores the program's environment for the user's code. */
export function restoreEnvironment(): void {
  const { [NODE_OPTIONS]: options } = process.env;
  if (options === undefined) return;
  process.env.NODE_OPTIONS = options;
  delete process.env[NODE_OPTIONS];
}
