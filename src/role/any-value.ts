/**
 * Any value, where nothing is known about it. Unlike of `unknown`, the compiler refuses to take properties of it in a parameter
 * (`({ square }) => …`): of `unknown` it would make up a type that has them, and let every misspelled name pass.
 */
export type AnyValue = NonNullable<unknown> | null | undefined;

/** A type of which something is known, or {@link AnyValue}. */
export type KnownValue<T> = unknown extends T ? AnyValue : T;
