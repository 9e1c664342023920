/** The options of the commands that look into a run or a service. */
export interface InspectOptions {
  readonly keys?: string;
  readonly service?: boolean;
  /** In ms. */
  readonly timeout: number;
  readonly json?: boolean;
  readonly prometheus?: boolean;
  /** In s. */
  readonly interval?: number;
}
