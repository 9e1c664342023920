import { describe, expect, test } from "vitest";
import type { Direction } from "../../src/protocol/direction.ts";
import type { Message } from "../../src/protocol/message.ts";
import * as directions from "../../src/protocol/message.ts";
import { narrowedLink, narrowedListener } from "../../src/transport/narrowed.ts";
import { ANYTHING, oneOfEachKind } from "../support/messages.ts";

/** What each direction carries, by the protocol's description. */
const KINDS: Readonly<Record<keyof typeof directions, string>> = {
  WORKER_TO_DISTRIBUTOR: "hello ready fail returned blocked pong bye",
  DISTRIBUTOR_TO_WORKER: "welcome refuse grant recall revoke end resend ping",
  WORKER_TO_COLLECTOR: "hello result",
  COLLECTOR_TO_WORKER: "welcome refuse",
  DISTRIBUTOR_TO_COLLECTOR: "open produced assigned failed end bye",
  COLLECTOR_TO_DISTRIBUTOR: "welcome refuse ended ping",
  DISTRIBUTOR_TO_ACK_LINK: "hello",
  ACK_LINK_TO_DISTRIBUTOR: "welcome refuse ack ended ping",
  METADATA_TO_DISTRIBUTOR: "hello metadata",
  DISTRIBUTOR_TO_METADATA: "welcome refuse accepted",
  CLIENT_TO_SERVICE: "hello request cancel bye",
  SERVICE_TO_CLIENT: "welcome refuse reply failure end ping",
  WORKER_TO_SERVICE: "hello ready reply failure returned blocked bye",
  SERVICE_TO_WORKER: "welcome refuse assign cancel recall end ping",
  INSPECTOR_TO_ROLE: "inspect",
  ROLE_TO_INSPECTOR: "report refuse",
};

const DIRECTIONS: Readonly<Record<string, Direction<Message>>> = { ...directions };
const all = Object.entries(KINDS);
const messages = oneOfEachKind(ANYTHING);

describe.each(all)("The direction %s", (name, kinds) => {
  const direction = DIRECTIONS[name] as Direction<Message>;
  const allowed = kinds.split(" ");
  const ignored = { onConnected() {}, onDisconnected() {}, onSomeDisconnected() {}, onFailed() {} };

  test("is what a listener receives: it refuses every other message", () => {
    const [heard, refused]: [string[], string[]] = [[], []];
    const handler = narrowedListener(direction, {
      ...ignored,
      onMessage: (_connection, { type }) => heard.push(type),
      onRefused: (reason) => refused.push(reason),
    });
    for (const message of messages) handler.onMessage("c", message);
    expect(heard.sort()).toEqual(allowed.toSorted());
    expect(refused).toHaveLength(messages.length - allowed.length);
    for (const reason of refused)
      expect(reason).toMatch(/^a peer sent a message that does not belong here: /);
  });

  test("is what a link receives: it refuses every other message", () => {
    const [heard, refused]: [string[], string[]] = [[], []];
    const handler = narrowedLink(direction, {
      ...ignored,
      onMessage: ({ type }) => heard.push(type),
      onRefused: (reason) => refused.push(reason),
    });
    for (const message of messages) handler.onMessage(message);
    expect(heard.sort()).toEqual(allowed.toSorted());
    expect(refused).toHaveLength(messages.length - allowed.length);
  });
});

test("Every kind of message has a direction", () => {
  expect(messages.length).toBe(31);
  expect([...new Set(all.flatMap(([, kinds]) => kinds.split(" ")))].sort()).toEqual(
    messages.map(({ type }) => type).sort(),
  );
});
