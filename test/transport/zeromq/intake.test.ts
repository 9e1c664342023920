import { expect, test, vi } from "vitest";
import type * as zmq from "zeromq";
import { Intake } from "../../../src/transport/zeromq/intake.ts";
import { readAll } from "../../../src/transport/zeromq/read-frames.ts";

const MIB = 1024 * 1024;

function makeIntake() {
  const floods: string[] = [];
  const unheard = new Set<string>();
  const intake = new Intake(
    (id) => {
      floods.push(id.toString());
      unheard.add(id.toString());
    },
    (id) => unheard.has(id.toString()),
  );
  return { intake, floods };
}

function all(intake: Intake): string[] {
  const order: string[] = [];
  for (let frames = intake.shift(); frames !== undefined; frames = intake.shift())
    order.push(String(frames[0]) + String(frames[1]?.length));
  return order;
}

test("Messages leave an Intake in the order in which they came", () => {
  const { intake, floods } = makeIntake();
  for (const [id, size] of [["a", 1] as const, ["b", 2] as const, ["a", 3] as const])
    intake.push([Buffer.from(id), Buffer.alloc(size)]);
  expect(all(intake)).toEqual(["a1", "b2", "a3"]);
  expect(floods).toEqual([]);
});

test("Connections take turns in an Intake: none waits for all that another has sent", () => {
  const { intake } = makeIntake();
  for (let size = 1; size <= 4; size++) intake.push([Buffer.from("a"), Buffer.alloc(size)]);
  for (let size = 1; size <= 2; size++) intake.push([Buffer.from("b"), Buffer.alloc(size)]);
  intake.push([Buffer.from("c"), Buffer.alloc(1)]);
  expect(all(intake)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
  expect(intake.size).toBe(0);
});

test("Frames count in an Intake, also those that are empty", () => {
  const { intake, floods } = makeIntake();
  const frames = [Buffer.from("flood"), ...Array.from({ length: 1600 }, () => Buffer.alloc(0))];
  for (let sent = 0; sent < 1000; sent++) intake.push(frames);
  expect(floods).toEqual(["flood"]);
});

test("A peer of whose messages too many wait in an Intake is heard no more, and others are", () => {
  const { intake, floods } = makeIntake();
  intake.push([Buffer.from("honest"), Buffer.alloc(5)]);
  for (let sent = 0; sent < 70_000; sent++) intake.push([Buffer.from("flood"), Buffer.alloc(0)]);
  expect(floods).toEqual(["flood"]);
  expect(all(intake)).toEqual(["honest5"]);
});

test("A peer of whom too many bytes wait in an Intake is heard no more, but one large message may wait", () => {
  const { intake, floods } = makeIntake();
  const large = Buffer.alloc(0);
  Object.defineProperty(large, "length", { value: 300 * MIB });
  intake.push([Buffer.from("large"), large]);
  expect(floods).toEqual([]);
  intake.push([Buffer.from("large"), Buffer.alloc(1)]);
  expect(floods).toEqual(["large"]);
  expect(intake.size).toBe(0);
});

test("Of the peers that fill an Intake together, the one with the most is heard no more", () => {
  const { intake, floods } = makeIntake();
  const part = Buffer.alloc(0);
  Object.defineProperty(part, "length", { value: 102 * MIB });
  for (let peer = 0; peer < 40; peer++) intake.push([Buffer.from(String(peer)), part]);
  intake.push([Buffer.from("7"), part]);
  expect(floods).toEqual(["7"]);
  expect(intake.size).toBe(39);
});

test("What is handled makes room in an Intake", () => {
  const { intake, floods } = makeIntake();
  for (let sent = 0; sent < 200_000; sent++) {
    intake.push([Buffer.from("busy"), Buffer.alloc(0)]);
    intake.shift();
  }
  expect(floods).toEqual([]);
});

/** A socket that has more messages than can be taken, on a clock on which each takes a ms. */
function endlessSocket() {
  const socket = {
    closed: false,
    readable: true,
    receive: async () => {
      vi.advanceTimersByTime(1);
      return [Buffer.from("flood"), Buffer.alloc(1)];
    },
  };
  return socket as unknown as zmq.Router & { closed: boolean };
}

test("A socket from which more comes for seconds than can be taken is given up", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const socket = endlessSocket();
    const { intake } = makeIntake();
    let handled = 0;
    const overrun = await new Promise<number>((resolve) => {
      const handle = () => {
        handled += 1;
        vi.advanceTimersByTime(2);
      };
      void readAll(socket, intake, handle, () => {
        socket.closed = true;
        resolve(performance.now());
      });
    });
    expect(overrun).toBeGreaterThan(5000);
    expect(overrun).toBeLessThan(6000);
    expect(handled).toBeGreaterThan(100);
  } finally {
    vi.useRealTimers();
  }
});

test("A socket whose peers wait for answers is not given up, however long the role is as slow as they are", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    let waiting = 500;
    const socket = {
      closed: false,
      get readable() {
        return waiting > 0;
      },
      receive: async () => {
        vi.advanceTimersByTime(1);
        waiting -= 1;
        return [Buffer.from("honest"), Buffer.alloc(1)];
      },
    };
    const { intake, floods } = makeIntake();
    let overruns = 0;
    const handle = () => {
      vi.advanceTimersByTime(1);
      waiting += 1; // the peer sends its next message
      if (performance.now() > 20_000) socket.closed = true;
    };
    await readAll(socket as unknown as zmq.Router, intake, handle, () => {
      overruns += 1;
      socket.closed = true;
    });
    expect([overruns, floods]).toEqual([0, []]);
  } finally {
    vi.useRealTimers();
  }
});
