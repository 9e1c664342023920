/** The kinds of message that go one way between two roles. A shell narrows with it what its transport decoded. */
export class Direction<M extends { readonly type: string }> {
  readonly #kinds: ReadonlySet<string>;

  private constructor(kinds: Iterable<string>) {
    this.#kinds = new Set(kinds);
  }

  /** @param kinds - Every kind of the direction; the compiler finds one that is missing or does not belong. */
  static of<M extends { readonly type: string }>(kinds: Readonly<Record<M["type"], true>>): Direction<M> {
    return new Direction<M>(Object.keys(kinds));
  }

  /** Both directions together: what an endpoint hears that several roles connect to. */
  and<N extends { readonly type: string }>(other: Direction<N>): Direction<M | N> {
    return new Direction<M | N>([...this.#kinds, ...other.#kinds]);
  }

  allows(message: { readonly type: string }): message is M {
    return this.#kinds.has(message.type);
  }
}
