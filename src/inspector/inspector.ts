import type { Explanation } from "../core/explanation.ts";
import type { RunReport } from "../distributor/run-report.ts";
import { PipelineError } from "../errors.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import type { Message } from "../protocol/message.ts";
import { decodePayload } from "../protocol/payload/payload.ts";
import { assertEndpoint, assertTimeout } from "../role/checks.ts";
import { REPORT_SCHEMA } from "../role/inspection.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import { assertSecurity, linkOptions } from "../role/network.ts";
import type { Security } from "../security/security.ts";
import type { ServiceReport } from "../service/service-report.ts";
import type { Link } from "../transport/transport.ts";
import { transportFor } from "../transport/transport-for.ts";
import { subjectOf } from "./subject.ts";

/** Long enough for a distributor that is busy, short enough for a person. */
const DEFAULT_TIMEOUT = 5000;

/** Of an {@link Inspector}. */
export interface InspectorOptions {
  /**
   * Keys, where the other side has them: a worker's for a distributor, a client's for a service, which is then asked at its
   * `frontendEndpoint`.
   * @default none
   */
  readonly security?: Security | undefined;
  /** Whom the keys are for, where there are keys for both. @default "distributor" */
  readonly server?: "distributor" | "service";
  /** How long to wait for an answer, in ms. @default 5000 */
  readonly timeout?: number;
}

const OPTIONS = optionNames<InspectorOptions>({ security: true, server: true, timeout: true });

/**
 * Looks into a run, or a service, from anywhere that reaches it: how it stands, and why something is not done. It changes
 * nothing there.
 *
 * @example
 * ```ts
 * await using inspector = new Inspector(new EndpointAddress("tcp://localhost:5550"));
 * const report = await inspector.status();
 * if (report.kind === "run") console.log(report.progress.tasks, report.workers.length);
 * for (const reason of (await inspector.explain("square/17")).reasons) console.log(reason);
 * ```
 */
export class Inspector implements AsyncDisposable {
  readonly #endpoint: EndpointAddress;
  readonly #timeout: number;
  readonly #link: Link;
  #isConnected = false;
  #failure: PipelineError | undefined;
  /** The question that is out: the other side answers in order, and we ask one at a time. */
  #question:
    | { readonly inspect: Inspect; answer(message: Message): void; fail(error: Error): void }
    | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Connects, now or as soon as somebody listens there.
   *
   * @param endpoint - A task's `endpoint`, or one of a service's two.
   * @throws TypeError, RangeError when an option is wrong.
   * @throws PipelineError `KEYS_UNUSABLE` when the keys are no worker's and no client's.
   */
  constructor(endpoint: EndpointAddress, options: InspectorOptions = {}) {
    assertKnownOptions("Inspector", options, OPTIONS);
    const { security, timeout = DEFAULT_TIMEOUT } = options;
    assertEndpoint("endpoint", endpoint);
    assertSecurity("security", security);
    assertTimeout("timeout", timeout);
    this.#endpoint = endpoint;
    this.#timeout = timeout;
    const hasOnlyClients = security?.roles.includes("worker") === false;
    const server = options.server ?? (hasOnlyClients ? "service" : "distributor");
    this.#link = transportFor(endpoint).connect(
      endpoint,
      {
        onConnected: () => {
          this.#isConnected = true;
          this.#ask();
        },
        onDisconnected: () => {
          this.#isConnected = false;
        },
        onMessage: (message) => this.#question?.answer(message),
        onRefused: () => {}, // the question times out, and says so
        onFailed: (error) => {
          this.#failure = error;
          this.#question?.fail(error);
        },
      },
      linkOptions("inspector", security, server === "service" ? "client" : "worker", server),
    );
  }

  /**
   * How everything stands.
   *
   * @throws PipelineError `PEER_TIMEOUT` when nobody answers, `PEER_REFUSED` when it is neither a distributor nor a service, and
   *   what wrong keys lead to.
   */
  async status(): Promise<RunReport | ServiceReport> {
    return (await this.#inspect("", undefined)) as RunReport | ServiceReport;
  }

  /**
   * Why something is not done: where it is, since when, which attempt, what it waits for.
   *
   * @param subject - A task type (`square`), an item of it by its number from 0 on (`square/17`), or an item's id.
   * @throws PipelineError `PEER_REFUSED` when there is no such task, or the id is of another run.
   */
  async explain(subject: string): Promise<Explanation> {
    const report = await this.status();
    const types = Object.keys(report.kind === "run" ? report.progress.tasks : report.status.types);
    const { taskType, seq } = subjectOf(subject, report.runId, types);
    return (await this.#inspect(taskType, seq)) as Explanation;
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.#link.close();
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #inspect(taskType: string, seq: number | undefined): Promise<unknown> {
    const answer = this.#last.then(() => this.#request({ type: "inspect", runId: "", taskType, seq }));
    this.#last = answer.catch(() => undefined); // told to who asked
    return answer;
  }

  #request(inspect: Inspect): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { address } = this.#endpoint;
    const answered = new Promise<unknown>((resolve, reject) => {
      const answer = (message: Message) => {
        if (message.type === "report") resolve(readReport(message.payload));
        else if (message.type === "refuse")
          reject(
            new PipelineError("PEER_REFUSED", `Refused by ${address}: ${message.reason}`, {
              endpoint: address,
            }),
          );
      };
      this.#question = { inspect, answer, fail: reject };
    });
    const timer = setTimeout(() => {
      const text = `No distributor or service answered at ${JSON.stringify(address)} within ${this.#timeout} ms`;
      this.#question?.fail(new PipelineError("PEER_TIMEOUT", text, { role: "inspector", endpoint: address }));
    }, this.#timeout);
    this.#ask();
    return answered.finally(() => {
      clearTimeout(timer);
      this.#question = undefined;
    });
  }

  #ask(): void {
    if (this.#isConnected && this.#question !== undefined) this.#link.send(this.#question.inspect);
  }
}

function readReport(payload: Uint8Array): unknown {
  const report = decodePayload(payload);
  if ("schema" in report && report.schema !== REPORT_SCHEMA) {
    const text = `The peer's reports are of version ${String(report.schema)}, this is version ${REPORT_SCHEMA}`;
    throw new PipelineError("PEER_REFUSED", text, { role: "inspector" });
  }
  return report;
}
