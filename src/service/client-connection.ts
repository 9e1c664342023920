import { TICK_MS } from "../core/role-clock.ts";
import type { PendingRequest, RequestSpec } from "../core/service-client/pending-request.ts";
import { ServiceClientCore } from "../core/service-client/service-client-core.ts";
import type { ErrorCode, PipelineError } from "../errors.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { type ClientToService, SERVICE_TO_CLIENT, type ServiceToClient } from "../protocol/message.ts";
import { connectTo } from "../role/logged-transport.ts";
import { linkOptions } from "../role/network.ts";
import type { Security } from "../security/security.ts";
import type { Link, LinkHandler } from "../transport/transport.ts";
import { FlushSchedule } from "./flush-schedule.ts";

/** A client's socket, open while it is needed, and the core behind it. */
export class ClientConnection {
  readonly #endpoint: EndpointAddress;
  readonly #idleTimeoutMs: number;
  readonly #security: Security | undefined;
  readonly #core: ServiceClientCore;
  readonly #log: RoleLog;
  readonly #refused: BoundedLog;
  /** Requests made in one turn of the event loop travel in one message. */
  readonly #flushes = new FlushSchedule(() => this.#core.flush());
  #open: { readonly link: Link<ClientToService>; readonly timer: NodeJS.Timeout } | undefined;
  #idleSince = 0;

  /** @param idleTimeout - How long the socket stays open without a request, in ms. */
  constructor(
    clientId: string,
    endpoint: EndpointAddress,
    idleTimeout: number,
    security: Security | undefined,
  ) {
    this.#endpoint = endpoint;
    this.#idleTimeoutMs = idleTimeout;
    this.#security = security;
    this.#log = new RoleLog("serviceclient", { endpoint: endpoint.address });
    this.#refused = new BoundedLog(this.#log, "refused a peer or its message");
    this.#core = new ServiceClientCore(
      { clientId, endpoint: endpoint.address },
      {
        send: (message) => this.#open?.link.send(message),
        flushSoon: () => this.#flushes.soon(),
        note: (event, facts) => this.#log.write("debug", event, facts),
      },
    );
  }

  request(spec: RequestSpec): PendingRequest {
    this.#connect();
    return this.#core.request(spec);
  }

  cancel(request: PendingRequest): void {
    this.#core.cancel(request);
  }

  failAll(code: ErrorCode, text: string): void {
    this.#core.failAll(code, text);
  }

  async close(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#core.flush();
    this.#core.leave();
    this.#open = undefined;
    clearInterval(open.timer);
    await open.link.close();
  }

  #connect(): void {
    if (this.#open !== undefined) return;
    // The core's clock stood still without a connection: new deadlines count from now.
    this.#core.tick(performance.now());
    // Late events of an earlier link are ignored.
    const isCurrent = () => this.#open?.link === link;
    const handler: LinkHandler<ServiceToClient> = {
      onConnected: () => isCurrent() && this.#core.connected(),
      onDisconnected: () => isCurrent() && this.#core.disconnected(),
      onMessage: (message) => isCurrent() && this.#core.message(message),
      onRefused: (reason) => this.#refused.add({ reason }),
      onFailed: (error) => isCurrent() && this.#failed(error),
    };
    const options = linkOptions("serviceclient", this.#security, "client", "service");
    const link = connectTo(this.#endpoint, SERVICE_TO_CLIENT, handler, options, this.#log);
    this.#open = { link, timer: setInterval(() => this.#tick(), TICK_MS) };
    this.#idleSince = performance.now();
  }

  /** Fails all requests. The next one connects again. */
  #failed({ code, message }: PipelineError): void {
    this.#core.failAll(code, message);
    void this.close();
  }

  #tick(): void {
    const now = performance.now();
    this.#core.tick(now);
    if (this.#core.size > 0) this.#idleSince = now;
    else if (now - this.#idleSince >= this.#idleTimeoutMs) void this.close();
  }
}
