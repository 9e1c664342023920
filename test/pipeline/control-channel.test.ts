import { Duplex, PassThrough } from "node:stream";
import { expect, onTestFinished, test, vi } from "vitest";
import { ControlChannel } from "../../src/pipeline/control-channel.ts";

test("A control channel leaves out what is no message, and warns once", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const heard: object[] = [];
  const input = new PassThrough();
  const stream = Duplex.from({ readable: input, writable: new PassThrough() });
  const channel = new ControlChannel<object, object>(stream, (message) => heard.push(message));
  input.end('hacked\n5\nnull\n{}\n{"type":"started"}\n');
  await vi.waitUntil(() => heard.length > 0);
  stream.destroy();
  await channel.closed;
  expect(heard).toEqual([{ type: "started" }]);
  expect(warn).toHaveBeenCalledTimes(1);
});
