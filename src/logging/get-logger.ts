import { getLogger as getLogTapeLogger, type Logger } from "@logtape/logtape";

/**
 * Gets the logger of a dotted name. It is silent until logging is configured.
 *
 * @param name - A name below `zmqpipeline` inherits the configuration of its ancestors.
 * @returns A LogTape logger, whose category has one element for each part of the name.
 *
 * @example
 * ```ts
 * const log = getLogger("zmqpipeline.task.FirstTask");
 * log.info("{count} items to do", { count: 100 });
 * ```
 */
export function getLogger(name: string): Logger {
  return getLogTapeLogger(name.split("."));
}
