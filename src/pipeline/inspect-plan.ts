/** How debuggers attach to the processes of workers. */
export interface InspectPlan {
  /** The port of worker 1; worker 2 has the next one, and so on. 0: each has any free one. */
  readonly port: number;
  /** Whether each worker waits for a debugger before it loads its file. */
  readonly wait: boolean;
}

/** The port after that of `node --inspect`, which the program itself may have. */
export const DEFAULT_INSPECT_PORT = 9230;

export const MAX_PORT = 65_535;
