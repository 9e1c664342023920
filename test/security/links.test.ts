import { describe, expect, test } from "vitest";
import { type PipelineError, Security } from "../../src/index.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import type { PipelineEndpoints } from "../support/endpoints-of.ts";
import { makeDistributor, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { changedKeys, exportKeys, GoodMetadata, GoodPeers } from "../support/secured-roles.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";
import { withKeys } from "../support/with-keys.ts";

const logged = captureLog();

/** Long enough to be sure that a role waits in vain. */
const LIMIT_MS = 3000;

/** Every way in which a role connects to another: the one that does so, with keys or none, at the good peers' addresses. */
const LINKS: Readonly<Record<string, (good: GoodPeers, security: Security | undefined) => Promise<unknown>>> =
  {
    "worker to distributor": async ({ endpoints }, security) =>
      withKeys(new NumbersWorker({ ...endpoints, collector: "inproc://nobody" }), security).run(),
    "worker to collector": async ({ endpoints }, security) =>
      withKeys(new NumbersWorker({ ...endpoints, task: "inproc://nobody" }), security).run(),
    "distributor to collector": async ({ endpoints }, security) =>
      distributor({ ...(await freshEndpoints("inproc")), collector: endpoints.collector }, security),
    "distributor to collector's ACKs": async ({ endpoints }, security) =>
      distributor({ ...(await freshEndpoints("inproc")), ack: endpoints.ack }, security),
    "metadata worker to distributor": async ({ endpoints }, security) =>
      withKeys(new GoodMetadata(endpoints), security).run(),
    "service worker to service": async ({ service }, security) =>
      withKeys(new EchoWorker(service), security).run(),
    "client to service": async ({ service }, security) => {
      await using client = makeClient(service, security === undefined ? {} : { security });
      return await client.request({ n: 1 });
    },
  };

const ALL = Object.entries(LINKS);

function distributor(endpoints: PipelineEndpoints, security: Security | undefined) {
  const keys = security === undefined ? {} : { security };
  return makeDistributor(endpoints, new NumbersTask(endpoints, 1), keys).run();
}

/** What became of each link. */
async function outcomes(good: GoodPeers, security: Security | undefined, links = ALL) {
  const all = links.map(async ([link, connect]) => {
    const begun = performance.now();
    const code = await connect(good, security).then(
      () => "it got in",
      ({ code, message }: PipelineError) => {
        expect(message).toContain('The peer at "tcp://localhost:');
        return code;
      },
    );
    return [link, performance.now() - begun < LIMIT_MS ? code : `${code}, but late`];
  });
  return Object.fromEntries(await Promise.all(all));
}

const everyLink = (code: string, links = ALL) => Object.fromEntries(links.map(([link]) => [link, code]));

/** Who listens has said so too. */
function expectLogged(reason: RegExp): void {
  const lines = logged().filter((line) => line.startsWith("warning refused a peer") && reason.test(line));
  const roles = new Set(lines.map((line) => /"role":"(\w+)"/.exec(line)?.[1]));
  for (const role of ["distributor", "collector", "service"]) expect(roles).toContain(role);
}

describe("Every link, beside good peers that go on working,", () => {
  test("works with good keys", async () => {
    await GoodPeers.start(Security.generate()); // checks it
    await GoodPeers.start(undefined);
  });

  test("refuses a key that is on no list", async () => {
    const security = Security.generate();
    const good = await GoodPeers.start(security);
    const stranger = Security.generate();
    const strangers = changedKeys(stranger, (keys) => ({
      ...keys,
      servers: exportKeys(security)[keys.role].servers,
    }));
    expect(await outcomes(good, strangers)).toEqual(everyLink("KEY_REFUSED"));
    expectLogged(/the key [0-9a-f]{16} of 127\.0\.0\.1 is not on the list/);
    await good.work();
  });

  test("refuses another role's key", async () => {
    const security = Security.generate();
    const good = await GoodPeers.start(security);
    const keys = exportKeys(security);
    const disguised = changedKeys(security, (own) => {
      const { publicKey, secretKey } = keys[own.role === "worker" ? "client" : "worker"];
      return { ...own, publicKey, secretKey };
    });
    // Its workers come to the collector's endpoint too: what one of them can do there is told below.
    const others = Object.entries(LINKS).filter(([link]) => link !== "distributor to collector");
    expect(await outcomes(good, disguised, others)).toEqual(everyLink("KEY_REFUSED", others));
    await good.work();
  });

  test("is not made with a wrong key for the server", async () => {
    const security = Security.generate();
    const good = await GoodPeers.start(security);
    const other = Security.generate();
    const misled = changedKeys(security, (keys) => ({
      ...keys,
      servers: exportKeys(other)[keys.role].servers,
    }));
    expect(await outcomes(good, misled)).toEqual(everyLink("SERVER_KEY_MISMATCH"));
    expectLogged(/another key for this endpoint/);
    await good.work();
  });

  test("refuses a peer without keys", async () => {
    const good = await GoodPeers.start(Security.generate());
    expect(await outcomes(good, undefined)).toEqual(everyLink("SECURITY_MISMATCH"));
    expectLogged(/one of the two sides has keys/);
    await good.work();
  });

  test("is not made with keys to a role without keys", async () => {
    const good = await GoodPeers.start(undefined);
    expect(await outcomes(good, Security.generate())).toEqual(everyLink("SECURITY_MISMATCH"));
    expectLogged(/one of the two sides has keys/);
    await good.work();
  });
});
