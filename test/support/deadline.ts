/** `npm run test:soak` sets it. */
const soakMinutes = Number(process.env.SOAK_MINUTES ?? 0);

/** Longest time in ms that a process of a test may live. */
export const DEADLINE_MS =
  soakMinutes > 0 ? (soakMinutes + 10) * 60_000 : process.env.CHAOS === "full" ? 240_000 : 60_000;

/** Longest time in ms after which a process ends itself: the one that started it may be killed before it ends this one. */
export const LAST_RESORT_MS = Math.max(300_000, DEADLINE_MS);
