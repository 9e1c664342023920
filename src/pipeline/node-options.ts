import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The working directory at the start: relative paths among the options of this process refer to it. */
const startFolder = currentFolder();

/** Options with a value, for loading modules and for settings. An option whose value is a file is marked. */
const WITH_VALUE: ReadonlyMap<string, "path" | "url" | undefined> = new Map([
  ["--require", "path"],
  ["-r", "path"],
  ["--import", "url"],
  ["--loader", "url"],
  ["--experimental-loader", "url"],
  ...names(
    "--conditions -C --experimental-default-type --experimental-specifier-resolution --es-module-specifier-resolution",
    "--experimental-policy --policy-integrity --trace-require-module",
    "--allow-fs-read --allow-fs-write",
    "--max-old-space-size --max-old-space-size-percentage --max-semi-space-size --min-semi-space-size --semi-space-growth-factor",
    "--max-heap-size --initial-heap-size --initial-old-space-size --stack-size --stack-trace-limit --v8-pool-size",
    "--secure-heap --secure-heap-min --disable-proto --disable-warning --redirect-warnings --unhandled-rejections",
    "--dns-result-order --network-family-autoselection-attempt-timeout --max-http-header-size",
    "--tls-cipher-list --tls-keylog --openssl-config --icu-data-dir --use-largepages --localstorage-file",
    "--diagnostic-dir --report-dir --report-directory --report-filename --report-signal",
    "--heapsnapshot-signal --heapsnapshot-near-heap-limit --trace-event-categories --trace-event-file-pattern",
  ).map((name) => [name, undefined] as const),
]);

/** Options that are on or off, without the prefix `no-`. */
const SWITCHES: ReadonlySet<string> = new Set(
  names(
    "--preserve-symlinks --preserve-symlinks-main --global-search-paths --addons --enable-source-maps --frozen-intrinsics",
    "--experimental-strip-types --strip-types --experimental-transform-types --experimental-require-module --require-module",
    "--experimental-detect-module --experimental-import-meta-resolve --experimental-json-modules --experimental-wasm-modules",
    "--experimental-network-imports --experimental-vm-modules --experimental-addon-modules --experimental-import-text",
    "--experimental-print-required-tla --experimental-shadow-realm --experimental-permission --permission --permission-audit",
    "--allow-addons --allow-child-process --allow-worker --allow-wasi --allow-inspector --allow-net",
    "--experimental-fetch --experimental-global-customevent --experimental-global-webcrypto --experimental-global-navigator",
    "--experimental-websocket --experimental-eventsource --experimental-webstorage --webstorage --experimental-sqlite",
    "--experimental-async-context-frame --async-context-frame --experimental-wasi-unstable-preview1 --experimental-quic",
    "--expose-gc --harmony --harmony-shipping --jitless --opt --maglev --sparkplug --always-sparkplug --turbofan --lite-mode",
    "--optimize-for-size --single-threaded --single-threaded-gc --huge-max-old-generation-size --gc-global --use-strict",
    "--allow-natives-syntax --disallow-code-generation-from-strings --interpreted-frames-native-stack",
    "--perf-basic-prof --perf-basic-prof-only-functions --perf-prof --perf-prof-unwinding-info --zero-fill-buffers",
    "--abort-on-uncaught-exception --force-context-aware --force-node-api-uncaught-exceptions-policy --node-memory-debug",
    "--deprecation --warnings --pending-deprecation --throw-deprecation --extra-info-on-fatal-exception",
    "--trace-deprecation --trace-warnings --trace-uncaught --trace-exit --trace-sigint --trace-sync-io --trace-tls",
    "--trace-promises --trace-atomics-wait --trace-gc --trace-env --trace-env-js-stack --trace-env-native-stack",
    "--report-compact --report-exclude-network --report-exclude-env --report-on-fatalerror --report-on-signal",
    "--report-uncaught-exception --use-system-ca --use-bundled-ca --use-openssl-ca --openssl-legacy-provider",
    "--openssl-shared-config --enable-fips --force-fips --insecure-http-parser --network-family-autoselection",
    "--enable-network-family-autoselection --use-env-proxy --disable-wasm-trap-handler --verify-base-objects",
    "--tls-min-v1.0 --tls-min-v1.1 --tls-min-v1.2 --tls-min-v1.3 --tls-max-v1.2 --tls-max-v1.3",
    "--enable-etw-stack-walking --node-snapshot",
  ),
);

/**
 * Chooses the options of a process that its workers get: module loading, limits and settings. Only known options are passed on, because an
 * unknown one might start the program a second time (`--eval`, `--test`, `--watch`), or wait for a debugger.
 *
 * @param options - As in `process.execArgv`: each value is in the same element or in the next.
 */
export function optionsForWorkers(options: readonly string[]): string[] {
  const passed: string[] = [];
  for (const [index, option] of options.entries()) {
    const equals = option.indexOf("=");
    const name = nameOf(equals === -1 ? option : option.slice(0, equals));
    const next = options[index + 1];
    if (WITH_VALUE.has(name)) {
      const kind = WITH_VALUE.get(name);
      if (equals !== -1)
        passed.push(`${option.slice(0, equals)}=${absolute(option.slice(equals + 1), kind)}`);
      // Node accepts no value that looks like an option.
      else if (next !== undefined && !next.startsWith("-")) passed.push(option, absolute(next, kind));
    } else if (SWITCHES.has(name.replace(/^--no-/, "--"))) passed.push(option);
  }
  return passed;
}

/** Chooses likewise from a value of the variable `NODE_OPTIONS`. */
export function nodeOptionsForWorkers(value: string): string {
  return optionsForWorkers(splitOptions(value)).map(quoted).join(" ");
}

/** Splits as Node does: at spaces outside double quotes. Inside quotes, a backslash escapes the next character. */
function splitOptions(value: string): string[] {
  const options: string[] = [];
  for (const [text] of value.matchAll(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g))
    options.push(
      text.replace(/"((?:\\.|[^"\\])*)"/g, (_all, inner: string) => inner.replace(/\\(.)/g, "$1")),
    );
  return options;
}

function quoted(option: string): string {
  return /[\s"\\]/.test(option) ? `"${option.replace(/["\\]/g, "\\$&")}"` : option;
}

/** The name of an option with dashes: Node accepts underscores, too. */
function nameOf(option: string): string {
  return option.startsWith("--") ? option.replaceAll("_", "-") : option;
}

function absolute(value: string, kind: "path" | "url" | undefined): string {
  if (kind === undefined || startFolder === undefined || !/^\.\.?([\\/]|$)/.test(value)) return value;
  const path = resolve(startFolder, value);
  return kind === "url" ? pathToFileURL(path).href : path;
}

function names(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(" "));
}

function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // the directory was removed
  }
}
