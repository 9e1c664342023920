import type { Message } from "../../protocol/message.ts";

export interface CollectorLinkOptions {
  readonly runId: string;
  readonly peerId: string;
  readonly tasks: readonly string[];
  readonly context: string;
}

export interface CollectorLinkPort {
  toCollector(message: Message): void;
  toAckLink(message: Message): void;
}

/** The distributor's two links to the collector: greets on both, and knows when both are answered. */
export class CollectorLink {
  readonly #options: CollectorLinkOptions;
  readonly #port: CollectorLinkPort;
  /** The data link is connected, answered or not. */
  isConnected = false;
  readonly #welcome = { data: false, ack: false };
  /** Since when one of the links is not welcome. */
  missingSince = 0;
  /** The collector has confirmed END, or cannot. */
  hasEnded = false;

  constructor(options: CollectorLinkOptions, port: CollectorLinkPort) {
    this.#options = options;
    this.#port = port;
  }

  /** The collector takes results and sends ACKs. */
  get isReady(): boolean {
    return this.#welcome.data && this.#welcome.ack;
  }

  get takesData(): boolean {
    return this.#welcome.data;
  }

  connected(): void {
    this.isConnected = true;
    this.#welcome.data = false;
  }

  ackLinkConnected(): void {
    this.#welcome.ack = false;
    this.#hello();
  }

  disconnected(link: "data" | "ack", now: number): void {
    if (this.isReady) this.missingSince = now;
    this.#welcome[link] = false;
    if (link === "data") this.isConnected = false;
  }

  welcomed(link: "data" | "ack"): void {
    this.#welcome[link] = true;
  }

  /** Opens the run at the collector. */
  open(metadata: Uint8Array): void {
    const { runId, peerId, tasks, context } = this.#options;
    this.#port.toCollector({ type: "open", runId, peerId, tasks, context, metadata });
  }

  /** Greets again where no answer has come. */
  repeat(metadata: Uint8Array): void {
    if (!this.#welcome.data) this.open(metadata);
    if (!this.#welcome.ack) this.#hello();
  }

  #hello(): void {
    const { runId, peerId } = this.#options;
    this.#port.toAckLink({ type: "hello", runId, role: "distributor", peerId, taskType: "", held: [] });
  }
}
