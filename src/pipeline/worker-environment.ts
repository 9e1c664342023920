import { marksOfWorker } from "../self/nesting.ts";
import { nodeOptionsForWorkers } from "./node-options.ts";

/** Has what the program has in `NODE_OPTIONS`, where its worker starts with less of it. */
const NODE_OPTIONS = "ZMQPIPELINE_NODE_OPTIONS";

/** The environment of a worker's process: this program's, with marks of ours. */
export function environmentOfWorker(): NodeJS.ProcessEnv {
  const environment = { ...process.env, ...marksOfWorker() };
  const { NODE_OPTIONS: options } = process.env;
  if (options === undefined) return environment;
  const passed = nodeOptionsForWorkers(options);
  return passed === options ? environment : { ...environment, NODE_OPTIONS: passed, [NODE_OPTIONS]: options };
}

/** In a worker's process: gives the user's code the environment that the program has. */
export function restoreEnvironment(): void {
  const { [NODE_OPTIONS]: options } = process.env;
  if (options === undefined) return;
  process.env.NODE_OPTIONS = options;
  delete process.env[NODE_OPTIONS];
}
