import type { Awaitable } from "../role/awaitable.ts";

/**
 * Hooks that a module may export beside its function: `initWorker` is called once before the first item, with the run's metadata; `closeWorker` once
 * after the last.
 */
const HOOKS = ["initWorker", "closeWorker"] as const;

type HookName = (typeof HOOKS)[number];

/** The hooks of a module whose worker is a function. */
export type ModuleHooks = Record<HookName, (metadata?: object) => Awaitable<void>>;

export function isHook(name: string): boolean {
  return (HOOKS as readonly string[]).includes(name);
}

export function hooksOf(module: Record<string, unknown>): ModuleHooks {
  return { initWorker: hookOf(module, "initWorker"), closeWorker: hookOf(module, "closeWorker") };
}

/** Finds a hook. Node does not see all export names of a CommonJS module: the others are properties of its default export. */
function hookOf(module: Record<string, unknown>, name: HookName): ModuleHooks[HookName] {
  const { default: exported } = module;
  const isHolder = (typeof exported === "object" && exported !== null) || typeof exported === "function";
  const hook: unknown = module[name] ?? (isHolder ? Reflect.get(exported, name) : undefined);
  if (hook === undefined) return () => {};
  if (typeof hook !== "function") throw new TypeError(`The export ${name} must be a function`);
  return async (...args) => void (await hook(...args));
}
