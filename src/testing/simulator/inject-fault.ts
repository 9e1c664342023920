import type { Host } from "./host.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";

/** What happens to a connection. */
type ConnectionFault = "cut" | "mute";

/** Lets a process stand still for a while, if there is one. */
type Freeze = (host: Host | undefined) => void;

/**
 * Makes a fault happen, if there is something that it can happen to.
 *
 * @param others - What each fault does that does not happen to a connection.
 */
export function injectFault<Fault extends string>(
  fault: Fault | ConnectionFault,
  { network, random }: { readonly network: Network; readonly random: Random },
  others: Readonly<Record<Exclude<Fault, ConnectionFault>, (freeze: Freeze) => void>>,
): void {
  const connection = random.pick([...network.connections.values()]);
  if (fault === "cut" || fault === "mute") {
    if (connection === undefined) return;
    if (fault === "cut") network.cut(connection);
    else network.mute(connection, random.chance(0.5) ? "toServer" : "toClient");
    return;
  }
  others[fault as Exclude<Fault, ConnectionFault>]((host) => {
    if (host !== undefined) network.freeze(host, random.between(100, 5000));
  });
}
