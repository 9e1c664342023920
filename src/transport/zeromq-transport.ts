import type { Transport } from "./transport.ts";
import { ZeromqLink } from "./zeromq-link.ts";
import { ZeromqListener } from "./zeromq-listener.ts";

/** `tcp://` and `ipc://` over libzmq. */
export const zeromqTransport: Transport = {
  listen: (endpoint, handler, options) => ZeromqListener.open(endpoint, handler, options),
  connect: (endpoint, handler, options) => new ZeromqLink(endpoint, handler, options),
};
