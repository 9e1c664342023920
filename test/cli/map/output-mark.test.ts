import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OutputMark } from "../../../src/cli/map/output-mark.ts";
import { tempFolder } from "../../support/endpoints.ts";

const RUN = { runId: "run", pending: [3, 4], nextNumber: 5 };

/** A life of a command that appends to a file: it is killed after it has written `text`. */
class Scene {
  readonly #folder = tempFolder();
  readonly path = join(this.#folder, "out");
  readonly journal = join(this.#folder, "journal");

  live<T>(act: (mark: OutputMark) => T): T {
    const file = openSync(this.path, "a");
    const mark = OutputMark.of(this.journal, file);
    if (mark === undefined) throw new Error("no regular file");
    const result = act(mark);
    closeSync(file);
    return result;
  }

  /** A life that begins a batch with item 3, and gets as far as `text`. */
  killed(text: string): void {
    this.live((mark) => {
      mark.goOn(RUN);
      mark.begin(8, 3);
      appendFileSync(this.path, text);
    });
  }

  /** What is there after another life has begun. */
  after(remainder: { readonly runId: string; readonly pending: readonly number[] }): string {
    this.live((mark) => mark.goOn({ ...remainder, nextNumber: 5 }));
    return readFileSync(this.path, "utf8");
  }
}

function sceneWith(text: string): Scene {
  const scene = new Scene();
  writeFileSync(scene.path, "old\n");
  scene.killed(text);
  return scene;
}

describe("The mark of an output file", () => {
  test("has what the journal does not have cut off when the run goes on, also half a line", () => {
    expect(sceneWith("aaa\nbbb\n").after(RUN)).toBe("old\n");
    expect(sceneWith("aaa\nb").after(RUN)).toBe("old\n");
  });

  test("leaves a batch that the journal has, and an output of another run", () => {
    expect(sceneWith("aaa\nbbb\n").after({ runId: "run", pending: [9] })).toBe("old\naaa\nbbb\n");
    expect(sceneWith("aaa\nbbb\n").after({ runId: "other", pending: [3] })).toBe("old\naaa\nbbb\n");
  });

  test("leaves a file that somebody else has written to, and another file", () => {
    expect(sceneWith("aaa\nbbb\nccc\n").after(RUN)).toBe("old\naaa\nbbb\nccc\n");
    const scene = sceneWith("aaa\nbbb\n");
    const other = new Scene();
    writeFileSync(other.path, "old\nAAA\n");
    writeFileSync(`${other.journal}.output`, readFileSync(`${scene.journal}.output`));
    expect(other.after(RUN)).toBe("old\nAAA\n");
  });

  test("is removed when the journal has everything", () => {
    const scene = sceneWith("aaa\nbbb\n");
    scene.live((mark) => {
      mark.goOn({ ...RUN, pending: [] });
      mark.close(true);
    });
    expect(existsSync(`${scene.journal}.output`)).toBe(false);
  });
});
