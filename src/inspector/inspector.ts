import type { Explanation } from "../core/explanation.ts";
import type { RunReport } from "../distributor/run-report.ts";
import { PipelineError } from "../errors.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import { type InspectorToRole, ROLE_TO_INSPECTOR, type RoleToInspector } from "../protocol/message.ts";
import { decodePayload, type Payload } from "../protocol/payload/payload.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";
import { assertEndpoint, assertTimeout } from "../role/checks.ts";
import { REPORT_SCHEMA } from "../role/inspection.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import { assertSecurity, linkOptions } from "../role/network.ts";
import type { Security } from "../security/security.ts";
import { atCaller } from "../self/at-caller.ts";
import type { ServiceReport } from "../service/service-report.ts";
import { narrowedLink } from "../transport/narrowed.ts";
import type { Link } from "../transport/transport.ts";
import { transportFor } from "../transport/transport-for.ts";
import { subjectOf } from "./subject.ts";

/** Long enough for a busy distributor, short enough for a person to wait, in ms. */
const DEFAULT_TIMEOUT_MS = 5000;

/** Options of an {@link Inspector}. */
export interface InspectorOptions {
  /**
   * Keys, if the distributor or service uses keys: those of a worker for a distributor; those of a client for a service, at its
   * `frontendEndpoint`.
   * @default none
   */
  readonly security?: Security | undefined;
  /** The role that is asked, if the keys fit both. @default "distributor" */
  readonly server?: "distributor" | "service";
  /** How long to wait for an answer, in ms. @default 5000 */
  readonly timeout?: number;
}

const OPTIONS = optionNames<InspectorOptions>({ security: true, server: true, timeout: true });

/**
 * Looks into a run or a service over the network: its state, and why something is not done. It changes nothing there.
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
  readonly #timeoutMs: number;
  readonly #link: Link<InspectorToRole>;
  #isConnected = false;
  #failure: PipelineError | undefined;
  /** The question that waits for an answer. Only one is asked at a time. */
  #question:
    | { readonly inspect: Inspect; answer(report: unknown): void; fail(error: Error): void }
    | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** The last report of a run or service that has ended since this connection was made. */
  #final: RunReport | ServiceReport | undefined;

  /**
   * Connects, now or as soon as a role listens at the endpoint.
   *
   * @param endpoint - A task's `endpoint`, or one of a service's two endpoints.
   * @throws TypeError, RangeError when an option is wrong.
   * @throws PipelineError `KEYS_UNUSABLE` when the keys are neither a worker's nor a client's.
   */
  constructor(endpoint: EndpointAddress, options: InspectorOptions = {}) {
    atCaller(Inspector, () => assertInspectorOptions(endpoint, options));
    const { security, timeout = DEFAULT_TIMEOUT_MS } = options;
    this.#endpoint = endpoint;
    this.#timeoutMs = timeout;
    const roles = security?.roles ?? [];
    const hasOnlyClients = roles.includes("client") && !roles.includes("worker");
    const server = options.server ?? (hasOnlyClients ? "service" : "distributor");
    this.#link = transportFor(endpoint).connect(
      endpoint,
      narrowedLink(ROLE_TO_INSPECTOR, {
        onConnected: () => {
          this.#isConnected = true;
          this.#final = undefined;
          this.#ask();
        },
        onDisconnected: () => {
          this.#isConnected = false;
        },
        onMessage: (message) => this.#hear(message),
        onRefused: () => {}, // the question times out
        onFailed: (error) => {
          this.#failure = error;
          this.#question?.fail(error);
        },
      }),
      linkOptions("inspector", security, server === "service" ? "client" : "worker", server),
    );
  }

  /**
   * Asks for the state of the run or service. When it ends while this inspector is connected, the last report has an `outcome`, and is
   * returned from then on.
   *
   * @throws PipelineError `PEER_TIMEOUT` when no answer comes, `PEER_REFUSED` when the peer is neither a distributor nor a service,
   *   `BAD_MESSAGE` when its report cannot be decoded, and the codes of wrong keys.
   */
  async status(): Promise<RunReport | ServiceReport> {
    return (await this.#inspect("", undefined)) as RunReport | ServiceReport;
  }

  /**
   * Asks why an item or a task is not done: where it is, since when, which attempt, what it waits for.
   *
   * @param subject - A task type (`square`), an item by its number, counted from 0 (`square/17`), or an item's id.
   * @throws PipelineError `PEER_REFUSED` when there is no such task, or the id belongs to another run.
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

  /** Closes the connection, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #inspect(taskType: string, seq: number | undefined): Promise<unknown> {
    const answer = this.#last.then(() => this.#request({ type: "inspect", runId: "", taskType, seq }));
    this.#last = answer.catch(() => undefined); // the caller gets the error
    return answer;
  }

  #request(inspect: Inspect): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { address } = this.#endpoint;
    if (this.#final !== undefined)
      return inspect.taskType === "" ? Promise.resolve(this.#final) : Promise.reject(this.#isOver());
    const answered = new Promise<unknown>((answer, fail) => {
      this.#question = { inspect, answer, fail };
    });
    const timer = setTimeout(() => {
      const text = `No distributor or service answered at ${JSON.stringify(address)} within ${this.#timeoutMs} ms`;
      this.#question?.fail(new PipelineError("PEER_TIMEOUT", text, { role: "inspector", endpoint: address }));
    }, this.#timeoutMs);
    this.#ask();
    return answered.finally(() => {
      clearTimeout(timer);
      this.#question = undefined;
    });
  }

  #hear(message: RoleToInspector): void {
    if (this.#final !== undefined) return;
    const { address } = this.#endpoint;
    try {
      if (message.type === "report") return this.#heard(readReport(message.payload, address));
      const text = `Refused by ${address}: ${message.reason}`;
      throw new PipelineError("PEER_REFUSED", text, { role: "inspector", endpoint: address });
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      this.#question?.fail(error);
    }
  }

  #heard(report: Payload): void {
    if (!isFinal(report)) return this.#question?.answer(report);
    this.#final = report;
    // Confirms it: the peer closes the connection then, and not before.
    this.#link.send({ type: "inspect", runId: "", taskType: "", seq: undefined });
    // It comes by itself, and the question has no other answer.
    if (this.#question?.inspect.taskType === "") this.#question.answer(report);
    else this.#question?.fail(this.#isOver());
  }

  #isOver(): PipelineError {
    const { address } = this.#endpoint;
    return new PipelineError("PEER_REFUSED", `The run at ${JSON.stringify(address)} is over`, {
      role: "inspector",
      endpoint: address,
    });
  }

  #ask(): void {
    if (this.#isConnected && this.#question !== undefined) this.#link.send(this.#question.inspect);
  }
}

/** Whether a report is that of a run or service that has ended. */
function isFinal(report: Payload): report is Payload & (RunReport | ServiceReport) {
  return "outcome" in report && report.outcome !== undefined;
}

/** @throws PipelineError `BAD_MESSAGE` when the report cannot be decoded, `PEER_REFUSED` when it is of another version. */
function readReport(payload: Uint8Array, endpoint: string): Payload {
  const facts = { role: "inspector", endpoint };
  const report = decodeReport(payload, facts);
  if ("schema" in report && report.schema !== REPORT_SCHEMA) {
    const text = `The peer sends reports of version ${String(report.schema)}, but this library reads version ${REPORT_SCHEMA}`;
    throw new PipelineError("PEER_REFUSED", text, facts);
  }
  if (!isReport(report)) {
    const text = `The report of ${endpoint} has not the fields of a report`;
    throw new PipelineError("BAD_MESSAGE", text, facts);
  }
  return report;
}

/** Whether an answer has the main fields of a report or an explanation: what is within them is the peer's word. */
function isReport(report: Payload): boolean {
  const { kind, progress, status, workers, reasons } = report as Record<string, unknown> & Partial<RunReport>;
  if (kind === "run") return isObject(progress) && isObject(progress.tasks) && Array.isArray(workers);
  if (String(kind) === "service") return isObject(status) && Array.isArray(workers);
  return Array.isArray(reasons);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function decodeReport(payload: Uint8Array, facts: { role: string; endpoint: string }): Payload {
  try {
    return decodePayload(payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PipelineError(
      "BAD_MESSAGE",
      `The report of ${facts.endpoint} cannot be decoded: ${error.message}`,
      facts,
    );
  }
}

function assertInspectorOptions(endpoint: unknown, options: unknown): void {
  assertKnownOptions("Inspector", options, OPTIONS);
  const { security, timeout, server }: InspectorOptions = options;
  assertEndpoint("endpoint", endpoint);
  assertSecurity("security", security);
  if (timeout !== undefined) assertTimeout("timeout", timeout);
  if (server !== undefined && server !== "distributor" && server !== "service")
    throw new TypeError('server must be "distributor" or "service"');
}
