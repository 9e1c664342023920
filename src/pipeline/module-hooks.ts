import type { Awaitable } from "../role/awaitable.ts";

/** What a module may export beside its function: each is called once, before its first item and when it has done its last. */
const HOOKS = ["initWorker", "closeWorker"] as const;

type HookName = (typeof HOOKS)[number];

/** The hooks of a module whose worker is a function. */
export type ModuleHooks = Record<HookName, () => Awaitable<void>>;

export function isHook(name: string): boolean {
  return (HOOKS as readonly string[]).includes(name);
}

export function hooksOf(module: Record<string, unknown>): ModuleHooks {
  return { initWorker: hookOf(module, "initWorker"), closeWorker: hookOf(module, "closeWorker") };
}

/** Of CommonJS, names that Node does not see are on the default export. */
function hookOf(module: Record<string, unknown>, name: HookName): () => Awaitable<void> {
  const { default: exported } = module;
  const isHolder = (typeof exported === "object" && exported !== null) || typeof exported === "function";
  const hook: unknown = module[name] ?? (isHolder ? Reflect.get(exported, name) : undefined);
  if (hook === undefined) return () => {};
  if (typeof hook !== "function")
    throw new TypeError(`The export ${name} must be a function, which is called without arguments`);
  return async () => void (await hook());
}
