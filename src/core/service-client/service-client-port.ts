import type { ClientToService } from "../../protocol/message.ts";

export interface ServiceClientPort {
  send(message: ClientToService): void;
  /** Requests wait to be sent: the shell calls `flush` soon. */
  flushSoon(): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

export interface ServiceClientCoreOptions {
  readonly clientId: string;
  /** The address that errors name. */
  readonly endpoint: string;
}
