/** How often all peers are pinged, in ms: the ping is what finds a dead connection. */
const PING_MS = 1000;

/**
 * Shortest time between the rounds of pings after a connection has ended, in ms, and how many rounds follow the first. libzmq may report
 * the end of a connection before it refuses to send on that connection.
 */
const PROBE_MS = 40;
const PROBES = 3;

/** Most pings a second after connections have ended, unless there are more peers: of many peers, some end all the time. */
const MAX_PINGS_PER_SECOND = 2000;

/** Says when all peers are to be pinged: every second, and several times soon after some connection has ended. */
export class PingSchedule {
  #lastPing = Number.NEGATIVE_INFINITY;
  #nextPing = 0;
  /** Rounds of pings that are to follow soon. */
  #probes = 0;
  /** Time between rounds that follow soon, in ms. */
  #probeMs = PROBE_MS;

  /** Some connection has ended, and it is not known which one. */
  probe(now: number): void {
    this.#probes = PROBES;
    this.#nextPing = Math.min(this.#nextPing, Math.max(now, this.#lastPing + this.#probeMs));
  }

  isDue(now: number): boolean {
    return now >= this.#nextPing;
  }

  /** All peers are being pinged now. @param peers - How many there are. */
  pinged(now: number, peers: number): void {
    const roundMs = (peers * 1000) / MAX_PINGS_PER_SECOND;
    this.#probeMs = Math.min(Math.max(PROBE_MS, roundMs), PING_MS);
    this.#lastPing = now;
    this.#nextPing = now + (this.#probes > 0 ? this.#probeMs : PING_MS);
    this.#probes = Math.max(0, this.#probes - 1);
  }
}
