import { PipelineError } from "../../errors.ts";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import type { Transport } from "../transport.ts";
import { ZeromqLink } from "./zeromq-link.ts";
import { ZeromqListener } from "./zeromq-listener.ts";

/** `tcp://` and `ipc://` over libzmq. */
export const zeromqTransport: Transport = {
  listen: async (endpoint, handler, options) => {
    try {
      return await ZeromqListener.open(endpoint, handler, options);
    } catch (error) {
      throw toPipelineError(endpoint, error);
    }
  },
  connect: (endpoint, handler, options) => {
    try {
      return new ZeromqLink(endpoint, handler, options);
    } catch (error) {
      throw toPipelineError(endpoint, error);
    }
  },
};

/** Makes an error for the user where the system has no room for a socket. */
function toPipelineError({ address }: EndpointAddress, error: unknown): unknown {
  const { code = "", message } = error as { readonly code?: string; readonly message: string };
  if (!["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"].includes(code)) return error;
  const text = `Endpoint ${JSON.stringify(address)} has no socket: ${message}; raise the limit of open files (ulimit -n)`;
  return new PipelineError("BIND_FAILED", text, { endpoint: address, cause: error });
}
