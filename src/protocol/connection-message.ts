/**
 * A listener asks a peer what it has read. It is a message of the connection, not of a role: the peer's link answers with {@link Synced} and the same number,
 * in the order in which messages came.
 */
interface Sync {
  readonly type: "sync";
  readonly runId: string;
  /** Chosen at random, so that nobody can claim to have read what was not read. */
  readonly number: number;
}

/** The peer has read all that its listener had sent before the {@link Sync} with this number. */
interface Synced {
  readonly type: "synced";
  readonly runId: string;
  readonly number: number;
}

export type ConnectionMessage = Sync | Synced;
