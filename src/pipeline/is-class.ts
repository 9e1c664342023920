/** Whether a function is a class, which cannot be called without `new`. */
export function isClass(value: unknown): value is new () => object {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}
