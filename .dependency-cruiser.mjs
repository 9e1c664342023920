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

export default {
  forbidden: [
    {
      name: "no cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    only("protocol"),
    only("core", "protocol"),
    only("transport", "protocol", "core"),
    only("executor", "protocol", "core"),
    only("logging"),
    only("journal", "protocol", "core"),
    only("security", "protocol", "transport"),
    only("role", "protocol", "core", "security", "transport"),
    only("pipeline", "protocol", "core", "transport", "executor", "journal", "logging", "role", "security"),
    only("service", "protocol", "core", "transport", "executor", "logging", "role", "security"),
    only("metrics", "pipeline", "service"),
    only("collectors", "protocol", "core", "role", "pipeline"),
    only("local", "protocol", "core", "executor", "logging", "role", "pipeline", "security"),
    only(
      "cli",
      "local",
      "executor",
      "protocol",
      "core",
      "transport",
      "journal",
      "logging",
      "role",
      "security",
      "pipeline",
      "service",
    ),
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
