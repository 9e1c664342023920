import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { inprocTransport } from "./inproc-transport.ts";
import type { Transport } from "./transport.ts";
import { zeromqTransport } from "./zeromq/zeromq-transport.ts";

/** The engine behind an endpoint, by its scheme: the one place to add another. */
export function transportFor(endpoint: EndpointAddress): Transport {
  return endpoint.scheme === "inproc" ? inprocTransport : zeromqTransport;
}
