import { atCaller } from "../self/at-caller.ts";
import { visibleJson } from "../structures/visible-text.ts";
import { isName, NAME_RULE } from "./name.ts";
import { renamed } from "./renamed.ts";

const registered = new Map<string, TaskType>();
const REGISTER: unique symbol = Symbol("register");

/**
 * The name that a task and its workers share. Each name has one instance per process, so task types can be compared with `===`.
 *
 * @example
 * ```ts
 * const RESIZE = TaskType.register("resize");
 * new TaskType("resize") === RESIZE; // true
 * new TaskType("rezise"); // throws: it was never registered
 * ```
 */
export class TaskType {
  static {
    for (const name of ["register_type", "registerType"]) renamed(TaskType, "TaskType", [name, "register"]);
  }

  /** The registered name. */
  readonly name: string;

  /**
   * Finds a registered type by its name.
   *
   * @throws TypeError when no type of that name was registered.
   */
  constructor(name: string, token?: typeof REGISTER) {
    this.name = name;
    if (token === REGISTER) return;
    const known = atCaller(TaskType, () => knownType(name));
    // biome-ignore lint/correctness/noConstructorReturn: one instance per name, so that === compares types
    return known;
  }

  /**
   * Registers a type; registering a name again returns the same instance.
   *
   * @param name - Up to 255 bytes, without control characters and others that cannot be seen; may be blank.
   * @throws TypeError when the name is not a string, is too long, or has such a character.
   */
  static register(name: string): TaskType {
    atCaller(TaskType.register, () => assertName(name));
    let type = registered.get(name);
    if (type === undefined) {
      type = Object.freeze(new TaskType(name, REGISTER));
      registered.set(name, type);
    }
    return type;
  }

  /** The registered name. */
  toString(): string {
    return this.name;
  }
}

function knownType(name: string): TaskType {
  const known = registered.get(name);
  if (known !== undefined) return known;
  throw new TypeError(`Task type ${JSON.stringify(name)} must be registered first: TaskType.register(name)`);
}

function assertName(name: unknown): void {
  if (typeof name === "string" && isName(name)) return;
  const given = visibleJson(JSON.stringify(name) ?? String(name));
  throw new TypeError(`Task type name ${given} must be ${NAME_RULE}`);
}
