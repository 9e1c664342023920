// The types of what a worker's file exports: input and result of `map()`, items and results of a `Pipeline`.

/** Names of exports that are no handlers. */
type HookName = "initWorker" | "closeWorker";

type IsAny<T> = 0 extends 1 & T ? true : false;

/** Any function, or class of workers, in a type's position where it is only looked at. */
type AnyFunction = (...args: never) => unknown;

/** Anything that is made with `new` and executes items. */
type AnyWorkerClass = abstract new (
  ...args: never
) => { handleExecution(...args: never): unknown } | { handleThreadExecution(...args: never): unknown };

/** The handlers among a module's exports. */
type HandlersOf<Module> = {
  [Name in keyof Module]-?: Name extends HookName
    ? never
    : IsAny<Module[Name]> extends true
      ? never
      : Module[Name] extends AnyFunction | AnyWorkerClass
        ? Module[Name]
        : never;
}[keyof Module];

/** The handler of a module: its default export, or else its other functions. */
type HandlerOf<Module> = Module extends {
  readonly default: infer Default extends AnyFunction | AnyWorkerClass;
}
  ? Default
  : HandlersOf<Module>;

/** Results that are objects with methods, and therefore look like modules. */
type Value = readonly unknown[] | Date | ArrayBufferView | ArrayBuffer;

/** `never` where the type is no module with a handler, no function and no worker class. */
type Handler<Source> =
  IsAny<Source> extends true
    ? never
    : Source extends AnyFunction | AnyWorkerClass
      ? Source
      : Source extends Value
        ? never
        : Source extends object
          ? HandlerOf<Source>
          : never;

type InputOfHandler<H> = H extends abstract new (
  ...args: never
) => {
  handleThreadExecution(...args: never): unknown;
  handleExecution(data: infer Input, ...rest: never): unknown;
}
  ? Input
  : H extends abstract new (
        ...args: never
      ) => { handleExecution(data: infer Input, ...rest: never): unknown }
    ? Input
    : H extends () => unknown
      ? unknown
      : H extends (input: infer Input, ...rest: never) => unknown
        ? Input
        : unknown;

type ResultOfHandler<H> = H extends abstract new (
  ...args: never
) => { handleThreadExecution(...args: never): infer Result }
  ? Awaited<Result>
  : H extends abstract new (
        ...args: never
      ) => { handleExecution(...args: never): infer Result }
    ? Awaited<Result>
    : H extends (...args: never) => infer Result
      ? Awaited<Result>
      : unknown;

/**
 * The type of what a worker's function gets.
 *
 * @typeParam Source - `typeof import("./file.ts")`, or the type of one function: `typeof import("./file.ts").name`.
 *
 * @example
 * ```ts
 * type Input = WorkerInput<typeof import("./square.ts")>; // number
 * ```
 */
export type WorkerInput<Source> = [Handler<Source>] extends [never]
  ? unknown
  : InputOfHandler<Handler<Source>>;

/**
 * The type of what a worker's function returns, without a promise around it.
 *
 * @typeParam Source - `typeof import("./file.ts")`, or the type of one function: `typeof import("./file.ts").name`.
 *
 * @example
 * ```ts
 * type Result = WorkerResult<typeof import("./square.ts")>; // number
 * ```
 */
export type WorkerResult<Source> = [Handler<Source>] extends [never]
  ? unknown
  : ResultOfHandler<Handler<Source>>;

/**
 * The type of the metadata that a worker class expects; `unknown` for functions.
 *
 * @typeParam Source - `typeof import("./file.ts")`, or the type of one class: `typeof import("./file.ts").Name`.
 */
export type WorkerMetadata<Source> =
  Handler<Source> extends abstract new (...args: never) => { metadata: infer Metadata } ? Metadata : unknown;

/** The result of `map<Source>()`: that of a module's or a function's type; any other type is the result itself. */
export type MappedResult<Source> =
  IsAny<Source> extends true
    ? Source
    : [Handler<Source>] extends [never]
      ? Source
      : ResultOfHandler<Handler<Source>>;
