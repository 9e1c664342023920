// bare-service.ts broker | worker | client SEQUENTIAL PIPELINED: the least code for a service on zeromq.js: a DEALER client, two
// ROUTERs that give each request to the worker that has been idle longest, and REQ workers. Nothing is checked or repaired.
import { Dealer, Request, Router } from "zeromq";
import { load } from "./service-load.ts";

const [role, sequential, pipelined] = process.argv.slice(2);
const EMPTY = "";

async function broker(): Promise<void> {
  const [front, back] = [new Router(), new Router()];
  await front.bind("ipc://bare-front.ipc");
  await back.bind("ipc://bare-back.ipc");
  const idle: Buffer[] = [];
  const waiting: Buffer[][] = [];
  // Each socket sends one message at a time.
  let [sentFront, sentBack] = [Promise.resolve(), Promise.resolve()];
  const serve = () => {
    while (idle.length > 0 && waiting.length > 0) {
      const [worker, request] = [idle.shift() as Buffer, waiting.shift() as Buffer[]];
      sentBack = sentBack.then(() => back.send([worker, EMPTY, ...request]));
    }
  };
  const replies = async () => {
    for await (const [worker, , ...reply] of back) {
      idle.push(worker as Buffer);
      if (reply.length > 1) sentFront = sentFront.then(() => front.send(reply));
      serve();
    }
  };
  const requests = async () => {
    for await (const request of front) {
      waiting.push(request);
      serve();
    }
  };
  await Promise.all([replies(), requests()]);
}

async function worker(): Promise<void> {
  const socket = new Request();
  socket.connect("ipc://bare-back.ipc");
  await socket.send("ready");
  for await (const [client, ...rest] of socket) {
    const body = rest.at(-1);
    await socket.send([client as Buffer, EMPTY, String(body).toUpperCase()]);
  }
}

async function client(): Promise<void> {
  const socket = new Dealer();
  socket.connect("ipc://bare-front.ipc");
  // All replies are equal, so each one is taken for the reply to the oldest request.
  const waiting: (() => void)[] = [];
  const read = async () => {
    for await (const _ of socket) waiting.shift()?.();
  };
  void read();
  let sent = Promise.resolve();
  const send = () => {
    sent = sent.then(() => socket.send([EMPTY, "hello"]));
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  await load(Number(sequential), Number(pipelined), send);
  process.exit();
}

const roles: Record<string, () => Promise<void>> = { broker, worker, client };
await roles[role ?? ""]?.();
