/** How many pipelined requests are under way at a time. */
const IN_FLIGHT = 512;

/** Share of the requests that is sent first and not measured, while code is compiled and windows open. */
const WARM_UP = 0.2;

/** Sends requests one after another, then many at a time. Prints the time of a round trip in µs, and requests per second. */
export async function load(
  sequential: number,
  pipelined: number,
  send: () => Promise<unknown>,
): Promise<void> {
  const inLanes = async (count: number, lanes: number) => {
    let left = count;
    const lane = async () => {
      while (left-- > 0) await send();
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  };
  const timed = async (count: number, lanes: number) => {
    await inLanes(Math.ceil(count * WARM_UP), lanes);
    const startedAt = performance.now();
    await inLanes(count, lanes);
    return performance.now() - startedAt;
  };
  const roundTrip = ((await timed(sequential, 1)) / sequential) * 1000;
  const perSecond = (pipelined / (await timed(pipelined, IN_FLIGHT))) * 1000;
  console.log(JSON.stringify({ roundTrip, perSecond }));
}
