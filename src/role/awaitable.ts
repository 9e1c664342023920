/** What a hook may return: the value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/** What a hook may return that need not return anything. */
// biome-ignore lint/suspicious/noConfusingVoidType: a method without a return statement returns void, and must fit
export type Maybe<T> = T | undefined | void;
