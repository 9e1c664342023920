import { EndpointAddress } from "../../src/index.ts";

/** The addresses of one test's roles. */
export interface PipelineEndpoints {
  readonly task: string;
  readonly second: string;
  readonly collector: string;
  readonly ack: string;
  readonly metadata: string;
}

/** The addresses of one test's service. */
export interface ServiceEndpoints {
  readonly front: string;
  readonly back: string;
}

export function address(endpoint: string): EndpointAddress {
  return new EndpointAddress(endpoint);
}
