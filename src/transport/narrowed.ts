import type { Direction } from "../protocol/direction.ts";
import type { Message } from "../protocol/message.ts";
import type { LinkHandler, ListenerHandler } from "./transport.ts";

/** A listener's handler that hears only what its peers may send; any other message is refused as bytes that are no message are. */
export function narrowedListener<In extends Message>(
  direction: Direction<In>,
  handler: ListenerHandler<In>,
): ListenerHandler {
  return {
    ...handler,
    onMessage: (connection, message) => {
      if (direction.allows(message)) handler.onMessage(connection, message);
      else handler.onRefused(reasonFor(message));
    },
  };
}

/** The same for a link, whose peer is the only one that sends. */
export function narrowedLink<In extends Message>(
  direction: Direction<In>,
  handler: LinkHandler<In>,
): LinkHandler {
  return {
    ...handler,
    onMessage: (message) => {
      if (direction.allows(message)) handler.onMessage(message);
      else handler.onRefused(reasonFor(message));
    },
  };
}

function reasonFor({ type }: Message): string {
  return `a peer sent a message that does not belong here: ${type}`;
}
