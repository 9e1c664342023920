import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type KeyRole, MetaDataWorker, Security } from "../../src/index.ts";
import type { RoleKeys } from "../../src/security/key-file.ts";
import { freshEndpoints, serviceEndpoints } from "./endpoints.ts";
import { address, type PipelineEndpoints, type ServiceEndpoints } from "./endpoints-of.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersWorker } from "./roles.ts";
import { EchoWorker, makeClient, makeService } from "./service-roles.ts";
import { withKeys } from "./with-keys.ts";

export class GoodMetadata extends MetaDataWorker<{ good: boolean }> {
  readonly endpoint;
  constructor({ metadata }: PipelineEndpoints) {
    super();
    this.endpoint = address(metadata);
  }
  getMetadata() {
    return { good: true };
  }
}

/** The content of the key files. */
export function exportKeys(security: Security): Record<KeyRole, RoleKeys> {
  return inFolder((folder) => {
    const keys = security.save(folder).map((file) => JSON.parse(readFileSync(file, "utf8")) as RoleKeys);
    return Object.fromEntries(keys.map((own) => [own.role, own])) as Record<KeyRole, RoleKeys>;
  });
}

/** Keys of an attacker who took the files and changed something. */
export function changedKeys(security: Security, change: (keys: RoleKeys) => RoleKeys): Security {
  return inFolder((folder) => {
    for (const file of security.save(folder)) {
      const keys = JSON.parse(readFileSync(file, "utf8")) as RoleKeys;
      writeFileSync(file, JSON.stringify({ ...keys, ...change(keys) }));
    }
    return Security.load(folder);
  });
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "zqp-keys-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A run and a service that go on until the test has seen enough, with all roles in this process, over tcp. */
export class GoodPeers {
  readonly endpoints: PipelineEndpoints;
  readonly service: ServiceEndpoints;
  readonly collector: NumbersCollector;
  readonly #task: LongTask;
  readonly #done: Promise<unknown>;
  readonly #client;
  readonly #service;

  static async start(security: Security | undefined): Promise<GoodPeers> {
    const peers = new GoodPeers(await freshEndpoints("tcp"), await serviceEndpoints("tcp"), security);
    onTestFinished(async () => await peers.finish());
    await peers.work();
    return peers;
  }

  private constructor(
    endpoints: PipelineEndpoints,
    service: ServiceEndpoints,
    security: Security | undefined,
  ) {
    this.endpoints = endpoints;
    this.service = service;
    this.collector = withKeys(new NumbersCollector(endpoints), security);
    this.#task = new LongTask(endpoints);
    const keys = security === undefined ? {} : { security };
    const metadata = { receiveMetadata: true, metadataEndpoint: address(endpoints.metadata) };
    this.#service = makeService(service, keys);
    this.#client = makeClient(service, keys);
    this.#done = Promise.all([
      makeDistributor(endpoints, this.#task, { ...metadata, ...keys }).run(),
      withKeys(new GoodMetadata(endpoints), security).run(),
      withKeys(new NumbersWorker(endpoints), security).run(),
      this.collector.run(),
      this.#service.run(),
      withKeys(new EchoWorker(service), security).run(),
    ]);
  }

  /** Resolves when further items are collected and a request is answered. */
  async work(): Promise<void> {
    const seen = this.collector.seen.size;
    const deadline = performance.now() + 30_000;
    while (this.collector.seen.size < seen + 100) {
      if (performance.now() > deadline) throw new Error("The good peers do not work");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { n } = await this.#client.request({ n: 7 });
    if (n !== 7) throw new Error("The good service does not work");
  }

  async finish(): Promise<void> {
    this.#task.isWanted = false;
    await this.#client.stop();
    await this.#service.stop();
    await this.#done;
  }
}
