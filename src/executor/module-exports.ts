import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

type Exports = Readonly<Record<string, unknown>>;

/**
 * Returns what a module exports, whether it is an ECMAScript module or CommonJS, written by hand or by any compiler: `module.exports` as a
 * function or as an object, `exports.name`, and `exports.default` with or without the mark `__esModule` that compilers set. For CommonJS,
 * `import()` returns `module.exports` as the default, and beside it the names that Node can read from the source.
 */
export function moduleExports(url: string, namespace: Exports): Record<string, unknown> {
  const { default: own, "module.exports": commonJs, ...names } = namespace;
  const isCommonJs = commonJs !== undefined || hasMark(own) || own === requiredExports(url);
  if (!isCommonJs || !isObject(own)) return { ...names, ...(own === undefined ? {} : { default: own }) };
  const { default: inner, ...members } = own as Exports;
  const isInnerMeant = inner !== undefined && (typeof own !== "function" || hasMark(own));
  return { ...names, ...members, default: isInnerMeant ? unwrapped(inner) : own };
}

/** The default export of a module that two compilers have compiled, one after the other. */
function unwrapped(value: unknown): unknown {
  return hasMark(value) && "default" in value ? value.default : value;
}

function hasMark(value: unknown): value is object {
  return isObject(value) && (value as { __esModule?: unknown }).__esModule === true;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** The `module.exports` of a file that was loaded as CommonJS. */
function requiredExports(url: string): unknown {
  try {
    const path = fileURLToPath(url);
    return createRequire(path).cache[path]?.exports ?? NONE;
  } catch {
    return NONE; // the URL is not of a file
  }
}

const NONE = Symbol("none");
