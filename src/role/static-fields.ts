/** Part of a class's `Members`. */
interface Fields {
  /** The prototype of the library's class. */
  readonly base: object;
  readonly fields: readonly string[];
}

/**
 * Gives an instance the static fields of its class, so that `static endpoint = …` works as a class attribute does in Python. The nearest class
 * counts. Fields and accessors of instances take precedence over static fields. Constructors of the library's classes call it last, because
 * defaults are set before, and fields of the user's class afterwards.
 *
 * @param object - The instance of the user's class.
 * @throws What a static accessor of the user's class throws.
 */
export function adoptStaticFields(object: object, { base, fields }: Fields): void {
  const left = new Set([...fields, "stopTimeout"]);
  for (const prototype of userPrototypes(object, base)) {
    const owner = prototype.constructor;
    for (const field of left) {
      const isOwn = Object.hasOwn(prototype, field);
      if (!isOwn && !Object.hasOwn(owner, field)) continue;
      left.delete(field);
      if (!isOwn) Reflect.set(object, field, Reflect.get(owner, field));
    }
  }
}

/** The prototypes of the user's classes, the nearest first. */
export function userPrototypes(object: object, base: object): object[] {
  const found: object[] = [];
  let prototype: object | null = Object.getPrototypeOf(object);
  while (prototype !== null && prototype !== base && prototype !== Object.prototype) {
    found.push(prototype);
    prototype = Object.getPrototypeOf(prototype);
  }
  return found;
}
