import type * as command from "../../src/executor/commands/command-executor.ts";
import type * as exec from "../../src/executor/commands/exec-executor.ts";
import type * as inline from "../../src/executor/inline-executor.ts";
import type * as threaded from "../../src/executor/threads/threaded-executor.ts";
import type * as payload from "../../src/protocol/payload/payload.ts";
import type * as taskType from "../../src/protocol/task-type.ts";

// Threads are started with compiled files: `npm run build:test` compiles each file of src/ by itself.
const SOURCES = new URL("../../.test-build/src/", import.meta.url);
const load = async (path: string): Promise<unknown> => await import(new URL(path, SOURCES).href);

export const { InlineExecutor } = (await load("executor/inline-executor.js")) as typeof inline;
export const { CommandExecutor } = (await load("executor/commands/command-executor.js")) as typeof command;
export const { ExecExecutor } = (await load("executor/commands/exec-executor.js")) as typeof exec;
export const { ThreadedExecutor } = (await load("executor/threads/threaded-executor.js")) as typeof threaded;
export const { decodeValue, encodePayload } = (await load("protocol/payload/payload.js")) as typeof payload;
/** The registry that the compiled executors know. */
export const { TaskType } = (await load("protocol/task-type.js")) as typeof taskType;
