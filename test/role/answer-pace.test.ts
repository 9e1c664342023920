import { expect, test } from "vitest";
import { AnswerPace } from "../../src/role/answer-pace.ts";

const busy = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

test("Answers take a quarter of a role's time at the most", async () => {
  const pace = new AnswerPace();
  const answers: { begun: number; ended: number }[] = [];
  const ask = () =>
    pace.run("peer", () => {
      const begun = performance.now();
      busy(10);
      answers.push({ begun, ended: performance.now() });
      setImmediate(ask);
    });
  ask();
  await expect.poll(() => answers.length, { timeout: 5000 }).toBeGreaterThan(4);
  pace.stop();
  for (const [index, { begun }] of answers.entries()) {
    const before = answers[index - 1];
    if (before === undefined) continue;
    const pause = begun - before.ended;
    expect(pause).toBeGreaterThan(3 * (before.ended - before.begun) - 1); // a timer knows whole ms
  }
});

test("An AnswerPace answers at once after a pause, and otherwise each peer's latest question, one peer after another", async () => {
  const pace = new AnswerPace();
  const answers: string[] = [];
  const ask = (peer: string, text: string) =>
    pace.run(peer, () => {
      busy(5);
      answers.push(text);
    });
  ask("a", "a1");
  expect(answers).toEqual(["a1"]);
  for (const number of [2, 3, 4]) for (const peer of ["a", "b"]) ask(peer, `${peer}${number}`);
  ask("gone", "gone");
  pace.forget("gone");
  expect(answers).toEqual(["a1"]);
  await expect.poll(() => answers, { timeout: 5000 }).toEqual(["a1", "a4", "b4"]);
});
