/** How often all peers are pinged, in ms: the ping is what finds a dead connection. */
const PING_MS = 1000;

/**
 * Time between the rounds of pings after a connection has ended, in ms, and how many rounds follow the first. libzmq may report
 * the end of a connection before it refuses to send on that connection.
 */
const PROBE_MS = 40;
const PROBES = 3;

/** Says when all peers are to be pinged: every second, and several times soon after some connection has ended. */
export class PingSchedule {
  #lastPing = Number.NEGATIVE_INFINITY;
  #nextPing = 0;
  /** Rounds of pings that are to follow soon. */
  #probes = 0;

  /** Some connection has ended, and it is not known which one. */
  probe(now: number): void {
    this.#probes = PROBES;
    this.#nextPing = Math.min(this.#nextPing, Math.max(now, this.#lastPing + PROBE_MS));
  }

  isDue(now: number): boolean {
    return now >= this.#nextPing;
  }

  /** All peers are being pinged now. */
  pinged(now: number): void {
    this.#lastPing = now;
    this.#nextPing = now + (this.#probes > 0 ? PROBE_MS : PING_MS);
    this.#probes = Math.max(0, this.#probes - 1);
  }
}
