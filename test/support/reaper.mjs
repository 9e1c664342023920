// Waits for the end of a test run, which is the end of its standard input, and kills the processes that the run has left behind.
// The variable ZMQPIPELINE_TEST_RUN in a process's environment names its run, whatever has become of its parent.
import { readdirSync, readFileSync } from "node:fs";

const mark = `ZMQPIPELINE_TEST_RUN=${process.argv[2]}`;

/** @returns How many processes were killed. */
function killMarked() {
  let killed = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(mark)) continue;
      process.kill(Number(name), "SIGKILL");
      killed += 1;
    } catch {
      // The process has ended, or belongs to another user.
    }
  }
  return killed;
}

process.stdin.resume().once("close", () => {
  // A process may start another one while this one looks.
  for (let round = 0; round < 10 && killMarked() > 0; round++);
});
