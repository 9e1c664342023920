import { isOtherForm, isSameName, isTypingError, nearestName } from "./nearest-name.ts";
import { userPrototypes } from "./static-fields.ts";

/** The names of members that a user's class has, which extends a class of the library. */
export interface Members {
  /** The prototype of the library's class: members below it are the user's. */
  readonly base: object;
  /** Methods that must be there. Defaults of the library count. */
  readonly methods: readonly string[];
  /** Methods of which exactly one must be there. */
  readonly oneOf?: readonly string[];
  /** Methods that may be there. */
  readonly optional?: readonly string[];
  readonly fields: readonly string[];
  /** Names of the library that have no meaning in this class, and what to do instead: they would be ignored. */
  readonly refused?: Readonly<Record<string, string>>;
}

/** Fields without a default. If one is missing and another member has a similar name, that is a misspelling. */
const REQUIRED: readonly string[] = ["taskType", "endpoint", "collectorEndpoint", "ackEndpoint", "module"];

/** Fields that the library sets, and what a class may say about them instead. */
const GIVEN: Readonly<Record<string, string>> = { workerId: "idPrefix says how it begins" };

/**
 * Refuses what TypeScript would refuse in a class: a method that is missing or no function, and a member in another spelling, such as
 * `handle_execution`, which the library would never call.
 *
 * @param object - The instance of the user's class.
 * @throws TypeError that names the class, the member, and its right spelling.
 */
export function assertMembers(object: object, members: Members): void {
  const { base, methods, oneOf = [], optional = [], fields, refused = {} } = members;
  const name = className(object);
  const own = userMembers(object, base);
  const known = [...methods, ...oneOf, ...optional, ...fields];
  for (const [member, isMethod] of own) assertSpelling(name, member, isMethod, known, own);
  for (const member of staticFields(object, base)) {
    if (!own.has(member)) assertSpelling(name, member, false, fields, own);
    own.set(member, false);
  }
  for (const [member, advice] of Object.entries(refused))
    if (own.has(member)) throw new TypeError(`${name} has no ${member}: ${advice}`);
  for (const [field, instead] of Object.entries(GIVEN)) {
    if (own.has(field) && fields.includes(field))
      throw new TypeError(`${name}.${field} is set by the library; ${instead}`);
  }
  const strange = [...own.keys()].filter((member) => !known.includes(member));
  for (const method of [...methods, ...oneOf, ...optional]) {
    const value: unknown = Reflect.get(object, method);
    if (value !== undefined && typeof value !== "function")
      throw new TypeError(`${name}.${method} must be a method`);
    if (value === undefined && methods.includes(method))
      throw new TypeError(`${name} must have a method ${method}()${meant([method], strange)}`);
  }
  const chosen = oneOf.filter((method) => Reflect.get(object, method) !== undefined);
  if (oneOf.length > 0 && chosen.length !== 1) {
    const near = chosen.length === 0 ? meant(oneOf, strange) : "";
    throw new TypeError(
      `${name} must have either ${oneOf.map((method) => `${method}()`).join(" or ")}${near}`,
    );
  }
  for (const field of fields.filter((name) => REQUIRED.includes(name))) {
    const near = Reflect.get(object, field) === undefined ? nearestName(field, strange) : undefined;
    if (near !== undefined) throw new TypeError(`${name} has no ${field}${meant([field], strange)}`);
  }
  for (const member of strange) {
    assertNotMeant(name, member, own, [...methods, ...optional, ...fields], isTypingError, "member");
    if (own.get(member) === true)
      assertNotMeant(name, member, own, [...methods, ...optional], isOtherForm, "method");
  }
}

/** The name of an object's class, for the text of errors. */
export function className(object: object): string {
  const { name } = object.constructor;
  return name === "" ? "The class" : name;
}

/**
 * Refuses `new MyWorker({ concurrency: 3 })`, which JavaScript would ignore.
 *
 * @throws TypeError that names the fields to set.
 */
export function assertNoArguments(object: object, given: readonly unknown[]): void {
  if (given.length === 0) return;
  const [first] = given;
  const names = typeof first === "object" && first !== null ? Object.keys(first).slice(0, 5) : [];
  const which = names.length === 0 ? "" : `: ${names.join(", ")}`;
  throw new TypeError(`new ${className(object)}() takes no arguments; set fields of the class${which}`);
}

function meant(names: readonly string[], members: readonly string[]): string {
  const near = names.map((name) => nearestName(name, members)).find((name) => name !== undefined);
  return near === undefined ? "" : `; it has ${JSON.stringify(near)}: is that what was meant?`;
}

function assertSpelling(
  name: string,
  member: string,
  isMethod: boolean,
  known: readonly string[],
  own: ReadonlyMap<string, boolean>,
): void {
  // Names such as _metadata are private fields behind an accessor.
  if (known.includes(member) || member.startsWith("_") || member.endsWith("_")) return;
  const right = known.find((other) => isSameName(other, member));
  if (right === undefined) return;
  // A class for two libraries has both spellings, and one method calls the other.
  if (isMethod && own.has(right)) return;
  const call = isMethod ? "()" : "";
  throw new TypeError(`${name}.${member}${call} is called ${right}${call} in this library`);
}

/**
 * Refuses `concurency` and `initWroker()`, and `handleFinish()` and `closeWorkers()`, which would be ignored. A class that has a method of the right
 * name, too, means another by this one.
 *
 * @param isLike - Whether a member stands for one of the known ones.
 * @param kind - What the member is called in the error.
 */
function assertNotMeant(
  name: string,
  member: string,
  own: ReadonlyMap<string, boolean>,
  known: readonly string[],
  isLike: (member: string, other: string) => boolean,
  kind: "member" | "method",
): void {
  if (member.startsWith("_") || member.endsWith("_")) return;
  const right = known.find((other) => own.get(other) !== true && isLike(member, other));
  if (right === undefined) return;
  const call = own.get(member) === true ? "()" : "";
  throw new TypeError(
    `${name}.${member}${call} is not known; did you mean "${right}"? A ${kind} of your own with this name may begin with "_"`,
  );
}

/** The names of the static fields of the user's classes. Static methods are not called by the library. */
function staticFields(object: object, base: object): string[] {
  return userPrototypes(object, base).flatMap(({ constructor: owner }) =>
    Object.entries(Object.getOwnPropertyDescriptors(owner)).flatMap(([name, { value }]) =>
      name === "prototype" || name === "name" || name === "length" || typeof value === "function"
        ? []
        : [name],
    ),
  );
}

/** The members of the user's class and its instance, and whether each is a method. Getters are not called, because they may do anything. */
function userMembers(object: object, base: object): Map<string, boolean> {
  const members = new Map<string, boolean>();
  let owner: object | null = object;
  while (owner !== null && owner !== base && owner !== Object.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (name !== "constructor" && !members.has(name)) members.set(name, typeof value === "function");
    }
    owner = Object.getPrototypeOf(owner);
  }
  return members;
}
