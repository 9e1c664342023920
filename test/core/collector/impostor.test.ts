import { expect, test } from "vitest";
import { end, failed, hello, makeCore, open } from "./core-and-sent.ts";

test.each(["open first", "hello first"])(
  "A collector's run begins when its distributor has come on both links: %s",
  (order) => {
    const { core, sent } = makeCore();
    const steps = [
      () => core.peerMessage("data", open("secret")),
      () => core.ackLinkMessage("ack", hello("secret")),
    ];
    for (const step of order === "open first" ? steps : steps.reverse()) {
      expect(sent).toEqual([]);
      step();
    }
    expect(sent).toEqual(["begin run", "welcome to data", "welcome to ack"]);
  },
);

test("A worker cannot open a run at the collector, neither the first one nor a second", () => {
  const { core, sent } = makeCore();
  core.peerMessage("worker", open("guessed"));
  core.ackLinkMessage("ack", hello("secret"));
  core.peerMessage("worker", open("guessed"));
  expect(sent).toEqual([]);
  core.peerMessage("data", open("secret"));
  core.peerMessage("worker", open("guessed", "another"));
  expect(sent).toEqual(["begin run", "welcome to data", "welcome to ack"]);
});

test("A worker can neither end the collector's run nor report failures", () => {
  const { core, sent } = makeCore();
  core.ackLinkMessage("ack", hello("secret"));
  core.peerMessage("data", open("secret"));
  sent.length = 0;
  core.peerMessage("worker", failed);
  core.peerMessage("worker", end);
  expect(sent).toEqual([]);
  core.peerMessage("data", failed);
  core.peerMessage("data", end);
  expect(sent).toEqual(["work", "finish complete"]);
  core.idle();
  expect(sent.at(-1)).toBe("ended to ack");
});

test("The distributor goes on with the collector after either of its links was lost", () => {
  const { core, sent } = makeCore();
  core.ackLinkMessage("ack", hello("secret"));
  core.peerMessage("data", open("secret"));
  core.disconnected("ack", "ack");
  core.disconnected("data", "data");
  sent.length = 0;
  core.peerMessage("data2", open("secret"));
  core.peerMessage("data2", end);
  expect(sent).toEqual([]);
  core.ackLinkMessage("ack2", hello("secret"));
  core.peerMessage("data2", end);
  expect(sent).toEqual(["welcome to ack2", "welcome to data2", "ended to ack2", "finish complete"]);
});
