import type { Direction } from "../../src/protocol/direction.ts";
import type { Message } from "../../src/protocol/message.ts";

/** A message that a core sent, as its receiver's shell narrows it. Throws where the direction does not allow it: no core may send such a one. */
export function inDirection<M extends Message>(direction: Direction<M>, message: Message): M {
  if (!direction.allows(message)) throw new Error(`A core sent ${message.type} the wrong way`);
  return message;
}
