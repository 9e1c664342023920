import { lookup } from "node:dns/promises";
import type * as zmq from "zeromq";
import { PipelineError } from "../../errors.ts";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { bindIpcPath, ipcPath } from "./ipc-path.ts";

/** Binds a socket to its endpoint. @throws PipelineError that says why it cannot. */
export async function bindSocket(socket: zmq.Router, endpoint: EndpointAddress): Promise<void> {
  try {
    if (endpoint.scheme === "ipc")
      await bindIpcPath(ipcPath(endpoint), () => socket.bindSync(endpoint.bindAddress));
    else await socket.bind(await bindable(endpoint));
  } catch (error) {
    if (error instanceof PipelineError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const name = JSON.stringify(endpoint.address);
    const facts = { endpoint: endpoint.address, cause: error };
    if (code === "EADDRINUSE") {
      throw new PipelineError(
        "ADDRESS_IN_USE",
        `Endpoint ${name} is bound by another process or role`,
        facts,
      );
    }
    const reason = REASONS[code ?? ""] ?? String(code ?? error);
    throw new PipelineError("BIND_FAILED", `Endpoint ${name} cannot be bound: ${reason}`, facts);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "the address belongs to no interface of this machine",
  EACCES: "permission denied",
  ENOENT: "the directory does not exist",
  ENODEV: "the address belongs to no interface of this machine",
  ENOTFOUND: "the host name is not known",
};

/** libzmq binds addresses, not names. */
async function bindable(endpoint: EndpointAddress): Promise<string> {
  const [, host, port] = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint.bindAddress) ?? [];
  if (host === undefined || !/[a-z_]/i.test(host) || host.startsWith("[")) return endpoint.bindAddress;
  const { address, family } = await lookup(host, { family: 4 });
  return family === 6 ? `tcp://[${address}]:${port}` : `tcp://${address}:${port}`;
}
