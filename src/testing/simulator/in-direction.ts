import type { Direction } from "../../protocol/direction.ts";
import type { Message } from "../../protocol/message.ts";

/** Narrows a message of a core as its receiver's shell does. Throws when the direction does not allow the message: no core may send one. */
export function inDirection<M extends Message>(direction: Direction<M>, message: Message): M {
  if (!direction.allows(message)) throw new Error(`A core sent ${message.type} the wrong way`);
  return message;
}
