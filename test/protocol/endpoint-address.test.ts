import { describe, expect, test } from "vitest";
import { EndpointAddress } from "../../src/index.ts";

describe("A valid EndpointAddress", () => {
  test.each([
    ["tcp://localhost:5558", "tcp://127.0.0.1:5558", "tcp://127.0.0.1:5558"],
    ["tcp://127.0.0.1:1", "tcp://127.0.0.1:1", "tcp://127.0.0.1:1"],
    ["tcp://*:5558", "tcp://0.0.0.0:5558", "tcp://127.0.0.1:5558"],
    ["tcp://0.0.0.0:65535", "tcp://0.0.0.0:65535", "tcp://127.0.0.1:65535"],
    ["tcp://db-1.example.org:5551", "tcp://db-1.example.org:5551", "tcp://db-1.example.org:5551"],
    ["tcp://[::1]:5551", "tcp://[::1]:5551", "tcp://[::1]:5551"],
    ["ipc://worker.ipc", "ipc://worker.ipc", "ipc://worker.ipc"],
    ["ipc:///tmp/a/worker.ipc", "ipc:///tmp/a/worker.ipc", "ipc:///tmp/a/worker.ipc"],
    ["inproc://name", "inproc://name", "inproc://name"],
  ])("%s binds %s and connects to %s", (address, bind, connect) => {
    const endpoint = new EndpointAddress(address);
    expect(endpoint.bindAddress).toBe(bind);
    expect(endpoint.connectAddress).toBe(connect);
    expect(String(endpoint)).toBe(address);
  });

  test("may have a bind address", () => {
    const endpoint = new EndpointAddress("tcp://db1:5551", { bind: "tcp://0.0.0.0:5551" });
    expect(endpoint.connectAddress).toBe("tcp://db1:5551");
    expect(endpoint.bindAddress).toBe("tcp://0.0.0.0:5551");
  });
});

describe("An invalid EndpointAddress is a TypeError that names the value and the rule:", () => {
  test.each([
    "tcp:/x",
    "tcp://localhost",
    "tcp://:5558",
    "tcp://localhost:0",
    "tcp://localhost:65536",
    "tcp://local host:1",
    "tcp://300.1.1.1:1",
    "tcp://[::g]:1",
    "udp://localhost:1",
    "localhost:5558",
    "ipc://",
    "ipc://@abstract",
    "ipc://*",
    `ipc://${"é".repeat(60)}`,
    "inproc://",
    "",
  ])("%s", (address) => {
    let thrown: unknown;
    try {
      new EndpointAddress(address);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    const { message } = thrown as TypeError;
    expect(message).toContain(
      `Endpoint ${JSON.stringify(address)} must be tcp://host:port, ipc://path or inproc://name`,
    );
  });

  test.each([undefined, null, 5, {}, Symbol("x")])("%s, not a string", (value) => {
    expect(() => new EndpointAddress(value as never)).toThrow(TypeError);
  });

  test("a bind address of another scheme", () => {
    expect(() => new EndpointAddress("tcp://db1:1", { bind: "ipc://x" })).toThrow(
      'Bind address "ipc://x" must have the scheme of "tcp://db1:1"',
    );
  });
});
