import { Inspector } from "../../inspector/inspector.ts";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { Security } from "../../security/security.ts";
import { FileError } from "../file-error.ts";
import type { InspectOptions } from "./inspect-options.ts";

/** @throws FileError when the address is no endpoint. */
export function openInspector(address: string, { keys, service, timeout }: InspectOptions): Inspector {
  let endpoint: EndpointAddress;
  try {
    endpoint = new EndpointAddress(address);
  } catch (error) {
    throw new FileError((error as Error).message);
  }
  const security = keys === undefined ? undefined : Security.load(keys);
  return new Inspector(endpoint, { security, timeout, ...(service === true ? { server: "service" } : {}) });
}
