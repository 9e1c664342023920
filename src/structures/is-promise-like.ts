/** Whether a value is to be waited for. Never true for a function that has a `then`: handlers do not return those. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
