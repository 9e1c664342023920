import { expect, test } from "vitest";
import { AnswerPace } from "../../src/role/answer-pace.ts";

const busy = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

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
