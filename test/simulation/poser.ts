import type { Message } from "../../src/protocol/message.ts";
import type { Host } from "../../src/testing/simulator/host.ts";
import { newHost } from "../../src/testing/simulator/host.ts";
import type { SimulatedLink } from "../../src/testing/simulator/network.ts";
import type { World } from "./world.ts";

const LIE = Uint8Array.of(0xee);

/** Whether a result is one that the peer made up. */
export function isLie(payload: Uint8Array): boolean {
  return payload.length === 1 && payload[0] === LIE[0];
}

/**
 * Lets a peer do what one can do that has all that a worker has: as a worker of its own, which is never ready and so is given nothing, it reports
 * results of others' items with its ticket, without one, and with tickets that it makes up. It says hello under the ids of others and claims
 * their items, and reports that they are blocked.
 */
export function pose(world: World, every: number, items: number): void {
  const { random, timeline, network } = world;
  const host = newHost();
  let ticket = "";
  const own = connect(world, host, (message) => {
    if (message.type === "welcome") ticket = message.ticket;
  });
  const collector = network.connect("collector", { host, ...deaf });
  const anybody = () => `w${Math.floor(random.between(0, 12))}`;
  const anyItem = () => Math.floor(random.between(0, items));
  const act = () => {
    const { runId } = world.distributor;
    const taskType = world.tasks()[Math.floor(random.between(0, world.tasks().length))] as string;
    const kind = random.pick(["join", "report", "report", "report", "steal", "block"] as const);
    const shown = random.pick([ticket, "", "made up", ticket.toUpperCase()]) as string;
    const workerId = random.chance(0.5) ? anybody() : "poser";
    world.count(`posing: ${kind}`);
    const seqs = Array.from({ length: 5 }, anyItem);
    const refs = seqs.map((seq) => ({ seq, attempt: random.chance(0.8) ? 1 : 2 }));
    if (kind === "join")
      own.send({ type: "hello", runId, role: "worker", peerId: "poser", taskType: "a", ticket, held: [] });
    else if (kind === "report") {
      const lies = refs.map((ref) => ({ ...ref, payload: LIE }));
      collector.send({ type: "result", runId, taskType, workerId, ticket: shown, busyMs: 0, items: lies });
    } else if (kind === "block") {
      const running = random.chance(0.5) ? [] : refs;
      own.send({
        type: "blocked",
        runId,
        workerId: anybody(),
        ticket: shown,
        expired: random.chance(0.5),
        running,
      });
    } else
      steal(world, {
        type: "hello",
        runId,
        role: "worker",
        peerId: anybody(),
        taskType,
        ticket: shown,
        held: refs,
      });
  };
  const next = () =>
    timeline.after(random.between(0, 2 * every), () => {
      if (world.outcome !== undefined) return;
      act();
      next();
    });
  next();
}

const nothing = () => {};
const deaf = { onConnected: nothing, onDisconnected: nothing, onMessage: nothing };

function connect(world: World, host: Host, onMessage: (message: Message) => void): SimulatedLink {
  return world.network.connect("distributor", { host, ...deaf, onMessage });
}

/**
 * Says hello on a new connection, which ends soon: under the id of a worker that is gone, the peer would keep that worker out for as long as it
 * stays.
 */
function steal(world: World, hello: Extract<Message, { type: "hello" }>): void {
  const host = newHost();
  const link = connect(world, host, ({ type }) => world.count(`poser got ${type}`));
  link.send(hello);
  world.timeline.after(world.random.between(1, 20), () => {
    link.send({ type: "bye", runId: hello.runId });
    world.network.drop(host);
  });
}
