import { existsSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Collector } from "../../collector/collector.ts";
import { Distributor } from "../../distributor/distributor.ts";
import type { AnyTask } from "../../distributor/task.ts";
import { importUserModule } from "../../executor/import-user-module.ts";
import { MetaDataWorker } from "../../metadata/meta-data-worker.ts";
import { isWorkerClass } from "../../pipeline/choose-export.ts";
import { Pipeline } from "../../pipeline/pipeline.ts";
import type { PipelineOptions } from "../../pipeline/pipeline-options.ts";
import { suggestion } from "../../role/nearest-name.ts";
import { type PeerState, peersOf } from "../../role/peer-state.ts";
import { Service } from "../../service/service.ts";
import { importErrorText } from "../error-text.ts";
import { FileError } from "../file-error.ts";

/** The methods that all roles have. */
export interface AnyRole {
  /** How long running work may take to finish after `stop()`, in ms. */
  readonly stopTimeout?: number;
  /** Longest wait for a peer, in ms. */
  readonly peerTimeout?: number;
  readonly [peersOf]?: readonly PeerState[];
  run(): Promise<unknown>;
  stop(options: { readonly timeout: number }): Promise<void>;
}

type Class<T> = new () => T;

/** The exports of a user's file, by kind. */
export interface ExportedRoles {
  readonly url: string;
  /** All exports. */
  readonly byName: ReadonlyMap<string, unknown>;
  readonly tasks: readonly Class<AnyTask>[];
  /** By the name of the export. */
  readonly workers: ReadonlyMap<string, Class<AnyRole>>;
  readonly collectors: readonly Class<Collector<unknown, object, object>>[];
  readonly metadata: readonly Class<MetaDataWorker<object>>[];
  /** By the name of the export. */
  readonly serviceWorkers: ReadonlyMap<string, Class<AnyRole>>;
  readonly distributors: readonly Distributor[];
  readonly services: readonly Service[];
  readonly pipelines: readonly Pipeline[];
  /** The default export, if it is an object with `tasks`, `workers` and `collector`. */
  readonly options: PipelineOptions | undefined;
}

/**
 * Imports a file, and sorts its exports.
 *
 * @throws FileError when the file is missing or cannot be imported.
 */
export async function loadRoles(file: string): Promise<ExportedRoles> {
  if (!existsSync(file)) throw new FileError(`There is no file ${JSON.stringify(file)}`);
  if (statSync(file).isDirectory()) throw new FileError(`${file} is a folder: name a file in it`);
  const { href: url } = pathToFileURL(file);
  let module: Record<string, unknown>;
  try {
    module = await importUserModule(url);
  } catch (error) {
    throw new FileError(`${file} cannot be imported: ${importErrorText(error)}`);
  }
  const values = [...new Set(Object.values(module))];
  const classes = <T>(method: string) => values.filter((value) => has(value, method)) as Class<T>[];
  const named = (fits: (value: unknown) => boolean) =>
    new Map(
      onceEach(Object.entries(module).filter(([, value]) => fits(value))) as [string, Class<AnyRole>][],
    );
  const instances = <T>(kind: abstract new (...args: never[]) => T) =>
    values.filter((value) => value instanceof kind) as T[];
  return {
    url,
    byName: new Map(Object.entries(module)),
    tasks: classes("isAvailableForHandling"),
    workers: named((value) => isWorkerClass(value) && !isServiceWorker(value)),
    collectors: classes("handleFailure"),
    metadata: values.filter(isMetaDataWorker) as Class<MetaDataWorker<object>>[],
    serviceWorkers: named(isServiceWorker),
    distributors: instances(Distributor),
    services: instances(Service),
    pipelines: instances(Pipeline),
    options: isPipelineOptions(module.default) ? module.default : undefined,
  };
}

/** The only export of its kind. @throws FileError when there is none, or more than one. */
export function only<T>(found: readonly T[], what: string, file: string): T {
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw new FileError(
    `${file} must export one ${what}; it exports ${found.length === 0 ? "none" : found.length}`,
  );
}

/**
 * The export that `--export` names, or the only one of its kind.
 *
 * @throws FileError when the file exports none of that name, or something of another kind.
 */
export function chosen<T>(
  found: readonly T[],
  what: string,
  file: string,
  { byName }: ExportedRoles,
  name: string | undefined,
): T {
  if (name === undefined)
    return only(found, found.length > 1 ? `${what} (or name one with --export)` : what, file);
  const value = found.find((each) => each === byName.get(name));
  if (value !== undefined) return value;
  const names = [...byName].flatMap(([each, exported]) => (found.includes(exported as T) ? [each] : []));
  throw new FileError(`${file} exports no ${what} named ${JSON.stringify(name)}; ${suggestion(name, names)}`);
}

// A class is recognised by the methods that its library base class gives it. Missing or misspelled methods of the user's are reported by run().

/** `MultiThreadedWorker` has `initThread()`, too, but also `handleExecution()`, which service workers lack. */
function isServiceWorker(value: unknown): boolean {
  return has(value, "handleMessage") || (has(value, "initThread") && !has(value, "handleExecution"));
}

/** A metadata worker without `getMetadata()` has no method to be recognised by, so its base class is looked at. */
function isMetaDataWorker(value: unknown): boolean {
  if (has(value, "getMetadata")) return true;
  return has(value, "run") && typeof value === "function" && value.prototype instanceof MetaDataWorker;
}

/** Keeps the first name of each value: a default export may have a name as well. */
function onceEach(entries: readonly [string, unknown][]): [string, unknown][] {
  return entries.filter(([, value], index) => entries.findIndex(([, other]) => other === value) === index);
}

function has(value: unknown, method: string): boolean {
  if (typeof value !== "function") return false;
  const prototype: unknown = value.prototype;
  return typeof prototype === "object" && prototype !== null && method in prototype;
}

/** An object with a part of what a Pipeline needs is meant as its options: the Pipeline says what is missing or misspelled. */
function isPipelineOptions(value: unknown): value is PipelineOptions {
  if (typeof value !== "object" || value === null) return false;
  return ["tasks", "workers", "collector"].filter((name) => name in value).length >= 2;
}
