// Rooms and who may call whom; ARCHITECTURE.md says why.
const only = (from, ...allowed) => ({
  name: `${from} calls only ${allowed.join(", ") || "itself"}`,
  severity: "error",
  from: { path: `^src/${from}/` },
  to: {
    path: "^src/",
    pathNot: [`^src/${from}/`, "^src/errors\\.ts$", ...allowed.map((room) => `^src/${room}/`)],
  },
});

/** The parties of the network: each has a room in `core/`, and none of them imports another. */
const PARTIES = ["distributor", "worker", "collector", "service", "service-worker", "service-client"];

const apart = (room, party) => ({
  name: `${room}/${party} imports no other party`,
  severity: "error",
  from: { path: `^src/${room}/${party}/` },
  to: { path: `^src/${room}/(${PARTIES.join("|")})/`, pathNot: `^src/${room}/${party}/` },
});

/** The two circles that are the model itself: item, worker and task; request, worker and type. Their types refer to each other. */
const MODEL = [
  "^src/core/distributor/(item|worker-record|task-ledger)\\.ts$",
  "^src/core/service/(service-request|broker-worker|type-queue)\\.ts$",
];

/** What every shell may use. */
const SHELL = [
  "structures",
  "protocol",
  "core",
  "transport",
  "logging",
  "role",
  "security",
  "self",
  "tracing",
];

export default {
  forbidden: [
    {
      name: "no cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no cycles of types but the model's",
      severity: "error",
      from: {},
      to: { circular: true, via: { pathNot: MODEL.join("|") } },
    },
    only("structures"),
    only("self"),
    only("tracing"),
    only("logging", "structures", "self"),
    only("protocol", "structures", "self"),
    only("core", "structures", "protocol"),
    ...PARTIES.map((party) => apart("core", party)),
    only("transport", "structures", "protocol"),
    only("executor", "structures", "protocol", "core", "self", "tracing"),
    only("journal", "structures", "protocol", "core"),
    only("security", "protocol", "self", "transport"),
    only("watching", "protocol", "executor", "logging", "self", "transport"),
    only("role", "structures", "protocol", "core", "logging", "security", "self", "transport"),
    only("distributor", ...SHELL, "journal"),
    only("worker", ...SHELL, "executor", "watching"),
    only("collector", ...SHELL),
    only("metadata", ...SHELL),
    only("service", ...SHELL, "executor", "watching"),
    only("metrics", "structures", "distributor", "service"),
    only("opentelemetry", "protocol", "distributor", "service", "metrics", "tracing"),
    only("terminal", "structures", "distributor"),
    only("inspector", ...SHELL, "distributor", "service"),
    only("sinks", ...SHELL, "collector"),
    only(
      "pipeline",
      ...SHELL,
      "executor",
      "watching",
      "distributor",
      "journal",
      "worker",
      "collector",
      "metadata",
      "service",
      "terminal",
    ),
    only(
      "cli",
      ...SHELL,
      "executor",
      "journal",
      "watching",
      "distributor",
      "worker",
      "collector",
      "metadata",
      "service",
      "pipeline",
      "inspector",
      "metrics",
      "sinks",
      "testing",
      "terminal",
    ),
    only("testing", ...SHELL, "executor", "journal", "distributor", "worker", "collector", "pipeline"),
    {
      name: "the command is the only one that reads command lines",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: ["node_modules/commander", "^src/cli/"] },
    },
    {
      name: "the core is pure",
      comment: "No sockets, files, timers or other built-in modules in state machines",
      severity: "error",
      from: { path: "^src/core/" },
      to: { dependencyTypes: ["core", "npm"] },
    },
    {
      name: "only the transport knows ZeroMQ",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/transport/" },
      to: { path: "node_modules/zeromq" },
    },
    {
      name: "only its own entry knows OpenTelemetry",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/opentelemetry/" },
      to: { path: ["node_modules/@opentelemetry", "^src/opentelemetry/"] },
    },
    {
      name: "the library does not reach outside src",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|examples|benchmarks|scripts)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
