/** The kinds of message that one role may send to another. A shell checks each decoded message against its direction. */
export class Direction<M extends { readonly type: string }> {
  readonly #kinds: ReadonlySet<string>;

  private constructor(kinds: Iterable<string>) {
    this.#kinds = new Set(kinds);
  }

  /** @param kinds - Every kind of the direction; one too few or too many is a compile error. */
  static of<M extends { readonly type: string }>(kinds: Readonly<Record<M["type"], true>>): Direction<M> {
    return new Direction<M>(Object.keys(kinds));
  }

  /** Combines two directions, for an endpoint to which several roles connect. */
  and<N extends { readonly type: string }>(other: Direction<N>): Direction<M | N> {
    return new Direction<M | N>([...this.#kinds, ...other.#kinds]);
  }

  allows(message: { readonly type: string }): message is M {
    return this.#kinds.has(message.type);
  }
}
