import fc from "fast-check";
import type { Direction } from "../../../src/protocol/direction.ts";
import { MAX_ATTEMPT, MAX_SEQ } from "../../../src/protocol/limits.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../../src/protocol/wire/codec.ts";
import { anyName, arbitraryMessages } from "../../support/messages.ts";

// A small set of names and numbers, so that messages refer to each other: a peer that knows the run, the tasks and the workers of the run, and lies.
const { batch, service, inspection } = arbitraryMessages({
  name: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("run", "a", "b", "w0", "w1", "") },
    { weight: 1, arbitrary: anyName(10) },
  ),
  count: fc.oneof(fc.nat(3), fc.maxSafeInteger().map(Math.abs)),
  seq: fc.oneof({ weight: 8, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.constant(MAX_SEQ) }),
  attempt: fc.oneof(
    { weight: 8, arbitrary: fc.nat(4) },
    { weight: 1, arbitrary: fc.constantFrom(MAX_ATTEMPT - 1, MAX_ATTEMPT) },
  ),
  bytes: fc.uint8Array({ maxLength: 8 }),
});
const any = fc.oneof(
  { weight: 8, arbitrary: batch },
  { weight: 4, arbitrary: service },
  { weight: 1, arbitrary: inspection },
);

/** Something that happens to a core. */
export type Step<Core> = (core: Core, message: Message, connection: string) => unknown;

/** A step that passes on what a shell lets through: the messages of one direction. */
export function heard<Core, M extends Message>(
  direction: Direction<M>,
  step: (core: Core, message: M, connection: string) => unknown,
): Step<Core> {
  return (core, message, connection) => {
    if (direction.allows(message)) step(core, message, connection);
  };
}

/** Runs arbitrary histories of steps on new cores, and checks the core after each step. */
export function fuzz<Core>(
  make: () => Core,
  steps: readonly Step<Core>[],
  check: (core: Core) => void = () => {},
  begin: (core: Core) => void = () => {},
): void {
  const step = fc.tuple(
    fc.nat(steps.length - 1),
    any.map((message) => decodeMessage(encodeMessage(message))),
    fc.constantFrom("c0", "c1", "c2"),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), fc.boolean(), (history, hasBegun) => {
      const core = make();
      if (hasBegun) begin(core);
      for (const [index, message, connection] of history) {
        steps[index]?.(core, message, connection);
        check(core);
      }
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 250) },
  );
}

export const nothing = () => {};

/** Takes what a core sends, which comes last in a port's parameters: a message that its peer can read. */
export function sent(...parameters: readonly unknown[]): void {
  decodeMessage(encodeMessage(parameters.at(-1) as Message));
}
