import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import {
  type ExecutionInfo,
  type MessageType,
  ServiceClient,
  ServiceWorker,
  TaskType,
} from "../../src/index.ts";
import { values } from "../fixtures/value-worker.mjs";
import { serviceEndpoints } from "../support/endpoints.ts";
import { address, type ServiceEndpoints } from "../support/endpoints-of.ts";
import { running } from "../support/running-service.ts";

const MIRROR = TaskType.register("mirror");

/** Returns what it gets. */
class Mirror extends ServiceWorker<unknown, unknown> {
  override readonly taskType = MIRROR;
  override readonly idPrefix: string;
  readonly endpoint;
  readonly ids: string[] = [];

  constructor(endpoints: ServiceEndpoints, idPrefix = "") {
    super();
    this.endpoint = address(endpoints.back);
    this.idPrefix = idPrefix;
  }

  handleMessage(data: unknown, _taskType: TaskType, _msgtype: MessageType, { id }: ExecutionInfo): unknown {
    this.ids.push(id);
    return data === "nothing" ? undefined : data;
  }
}

function clientOf<Data>(endpoints: ServiceEndpoints, idPrefix = ""): ServiceClient<Data, Data> {
  return new ServiceClient<Data, Data>(address(endpoints.front), {
    taskType: MIRROR,
    timeout: 10_000,
    idPrefix,
  });
}

test("Requests and replies may be values of every kind, alone and in lists", async () => {
  const endpoints = await serviceEndpoints("inproc");
  await running(endpoints, [new Mirror(endpoints)]);
  await using client = clientOf<unknown>(endpoints);
  const replies = await client.request(values());
  expect(
    values().flatMap((value, index) => (isDeepStrictEqual(replies[index], value) ? [] : [index])),
  ).toEqual([]);
  for (const value of values().filter((value) => !Array.isArray(value)))
    expect(isDeepStrictEqual(await client.request(value), value)).toBe(true);
  expect(await client.request([[1, 2]])).toEqual([[1, 2]]);
  expect(await client.request("nothing")).toEqual({});
});

test("A text and binary data are one request, for the compiler too", async () => {
  const endpoints = await serviceEndpoints("inproc");
  await running(endpoints, [new Mirror(endpoints)]);
  await using texts = clientOf<string>(endpoints);
  const text: string = await texts.request("hello");
  const list: string[] = await texts.request(["a", "b"]);
  expect([text, ...list]).toEqual(["hello", "a", "b"]);
  await using blobs = clientOf<Uint8Array>(endpoints);
  const blob: Uint8Array = await blobs.request(Uint8Array.of(1, 2));
  expect(blob).toEqual(Uint8Array.of(1, 2));
});

test("A request that cannot be sent is refused with its path", async () => {
  const client = clientOf<unknown>(await serviceEndpoints("inproc"));
  await expect(client.request(undefined)).rejects.toThrow("Expected a value as request, got undefined");
  await expect(client.request([1, undefined])).rejects.toThrow(
    "Expected a value as request[1], got undefined",
  );
  await expect(client.request(() => 1)).rejects.toThrow(/^Value at request is a function/);
  await expect(client.request([/x/])).rejects.toThrow(/^Value at request\[0\] is a RegExp/);
});

test("The id of a request begins with the client's id, and both ids with their prefixes", async () => {
  const endpoints = await serviceEndpoints("inproc");
  const worker = new Mirror(endpoints, "mirror:1");
  expect(worker.workerId).toMatch(/^mirror:1-/);
  expect(new Mirror(endpoints).workerId).not.toBe(new Mirror(endpoints).workerId);
  await running(endpoints, [worker]);
  await using client = clientOf<string>(endpoints, "web");
  expect(client.clientId).toMatch(/^web-.+-[0-9a-f]{8}$/);
  await client.request("x");
  expect(worker.ids).toEqual([`${client.clientId}/mirror/1`]);
});

test("A prefix that cannot be the beginning of an id is refused", async () => {
  const endpoints = await serviceEndpoints("inproc");
  expect(() => clientOf(endpoints, "a/b")).toThrow(
    /^idPrefix "a\/b" must have at most 64 characters: letters/,
  );
  expect(() => clientOf(endpoints, 7 as never)).toThrow("idPrefix must be a text, not a number");
  await expect(new Mirror(endpoints, "x".repeat(65)).run()).rejects.toThrow(
    /^Mirror\.idPrefix "x+" must have/,
  );
});
