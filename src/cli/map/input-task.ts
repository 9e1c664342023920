import { goesOn, ItemIterator, type Remainder } from "../../distributor/item-iterator.ts";
import { LocalTask } from "../../pipeline/local-task.ts";
import type { MapOutput } from "../../pipeline/map-output.ts";
import { TaskType } from "../../protocol/task-type.ts";
import type { InputIterator } from "./input-iterator.ts";
import { inputKey } from "./input-key.ts";

/** The task type of the inputs. */
export const MAP = TaskType.register("map");

/** An input on its way: its number from 0 on, and its value. */
export interface NumberedInput {
  readonly index: number;
  readonly value: unknown;
}

export interface InputTaskOptions {
  readonly inputs: InputIterator;
  readonly total: number | undefined;
  /** Decides whether there is room for another input, where results wait for the results of earlier inputs. */
  readonly order: MapOutput | undefined;
  readonly keyField: string | undefined;
  readonly attempts: number | undefined;
  readonly timeout: number | undefined;
  /** A journal's run begins, or goes on. @returns What is left of it. */
  readonly goesOn?: (remainder: Remainder) => Remainder;
}

/** The task of `zmqpipeline map`: its items are the inputs. */
export class InputTask extends LocalTask {
  readonly taskType = MAP;
  override readonly total: number | undefined;
  readonly #inputs: InputIterator;
  readonly #order: MapOutput | undefined;
  readonly #goesOn: (remainder: Remainder) => Remainder;
  #count = 0;

  constructor({
    inputs,
    total,
    order,
    keyField,
    attempts,
    timeout,
    goesOn: onGoing = (remainder) => remainder,
  }: InputTaskOptions) {
    super();
    this.#inputs = inputs;
    this.#order = order;
    this.#goesOn = onGoing;
    this.total = total;
    const key = keyField === undefined ? undefined : inputKey(keyField);
    Object.assign(this, {
      ...(key === undefined ? {} : { key: ({ value }: NumberedInput) => key(value) }),
      ...(attempts === undefined ? {} : { retry: { attempts } }),
      ...(timeout === undefined ? {} : { timeout }),
    });
  }

  override [goesOn](remainder: Remainder): void {
    const left = this.#goesOn(remainder);
    this.#order?.goOn(left);
  }

  override isAvailableForHandling(): boolean {
    return this.#order?.hasRoom ?? true;
  }

  protected override open(): ItemIterator {
    const order = this.#order;
    return new ItemIterator(this.#inputs, {
      wrap: (value): NumberedInput => ({ index: order?.pulled() ?? this.#count++, value }),
      ...(order === undefined
        ? {}
        : {
            encoded: (bytes: number) => order.encoded(bytes),
            leftOut: (count: number) => order.leftOut(count),
          }),
    });
  }
}
