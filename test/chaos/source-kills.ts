import { expect } from "vitest";
import { JournalLives, numbersOf, SHAPES, type Shape } from "../support/journal-lives.ts";
import { pick } from "./chaos-run.ts";

/** Longest time in ms before a kill. */
const LIFE_MS = 150;

/** Kills a run at random moments. After each kill, a source that differs is refused before anything is executed; an equal one goes on. */
export async function killWithoutKeys(kills: number): Promise<void> {
  let refused = 0;
  let lives = new JournalLives(kills * 300, false);
  // Repeats until a source is refused: a kill may come too early or too late, and a source may not differ in the produced items.
  for (let kill = 0; kill < kills || (refused === 0 && kill < 10 * kills); kill++) {
    await lives.live("plain", Math.random() * LIFE_MS);
    const shape = pick(SHAPES);
    const { produced, isComplete, executions } = lives;
    if (
      produced > 0 &&
      !isComplete &&
      (shape === "reversed" || shape === "shuffled" || shape === "changed")
    ) {
      const { code, printed } = await lives.live(shape);
      const position = shape === "shuffled" ? 1 : 0; // a shuffled source begins with the same item
      if (produced > position) {
        expect({ code, printed }).toMatchObject({
          code: 7,
          printed: expect.stringContaining(`item ${position} (counted from 0) is another one`),
        });
        expect(lives.executions).toBe(executions);
        refused += 1;
      }
    }
    if (lives.isComplete) {
      expect(lives.collected).toEqual(new Set(numbersOf("plain", kills * 300)));
      lives = new JournalLives(kills * 300, false);
    }
  }
  expect(refused).toBeGreaterThan(0);
  // A longer source goes on, and has more items.
  expect(await lives.live("longer")).toMatchObject({ code: 0 });
  if (!lives.isComplete) throw new Error("the run did not come to its end");
  expect(lives.collected).toEqual(new Set(numbersOf("longer", kills * 300)));
}

/** Kills a run at random moments, with another source each time: every item is collected once. */
export async function killWithKeys(kills: number): Promise<void> {
  const count = kills * 300;
  const lives = new JournalLives(count, true);
  const shapes: readonly Shape[] = ["plain", ...SHAPES];
  const given = new Set<number>();
  let killed = 0;
  for (; killed < kills; killed++) {
    const shape = pick(shapes);
    for (const n of numbersOf(shape, count)) given.add(n);
    const { code } = await lives.live(shape, Math.random() * LIFE_MS);
    for (const n of lives.collected) expect(given.has(n)).toBe(true);
    if (code === 0) break; // a short source came to its end
  }
  if (!lives.isComplete) {
    const last = pick(shapes);
    expect(await lives.live(last)).toMatchObject({ code: 0 });
    const { collected } = lives;
    for (const n of numbersOf(last, count)) expect(collected.has(n)).toBe(true);
  }
  expect(lives.isComplete).toBe(true);
}
