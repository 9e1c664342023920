// `tsx scripts/test-verdict.ts REPORT...`: what the test runner's reports (Vitest's JSON) say together. First each test that failed, then the
// line `N passed, N failed`. Exits with 1 when anything failed, or a report is missing or empty.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

interface Assertion {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly Assertion[];
}

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly testResults: readonly TestFile[];
}

const MOST_LISTED = 40;
const LINES_OF_A_MESSAGE = 8;

const head = (text: string) => text.split("\n", LINES_OF_A_MESSAGE).join("\n    ");

/** What failed in a file: its tests, or the file itself where it has none that did. */
function failuresOf({ name, status, message, assertionResults }: TestFile): string[] {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((assertion) => assertion.status === "failed");
  if (failed.length === 0) return status === "failed" ? [`${file}\n    ${head(message)}`] : [];
  return failed.map(
    ({ fullName, failureMessages: [first = ""] }) => `${file} > ${fullName}\n    ${head(first)}`,
  );
}

function read(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch (error) {
    console.log(`no report in ${path}: ${String(error)}`);
    return undefined;
  }
}

/** What failed in a run of the tests. A runner that was killed leaves no report, and an error outside of tests fails no test. */
function failuresOfRun(report: Report | undefined): string[] {
  if (report === undefined || report.numPassedTests === 0) return ["a run of the tests without a result"];
  const failures = report.testResults.flatMap(failuresOf);
  return failures.length === 0 && !report.success ? ["a run of the tests, outside of its tests"] : failures;
}

const reports = process.argv.slice(2).map(read);
const failures = reports.flatMap(failuresOfRun);
const passed = reports.reduce((sum, report) => sum + (report?.numPassedTests ?? 0), 0);

for (const failure of failures.slice(0, MOST_LISTED)) console.log(`FAILED ${failure}`);
if (failures.length > MOST_LISTED) console.log(`and ${failures.length - MOST_LISTED} more`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 && reports.length > 0 ? 0 : 1;
