/** An item, and its index where it is an input of `map()`. */
export function unwrapped(
  item: unknown,
  isWrapped: boolean,
): { readonly index: unknown; readonly value: unknown } {
  return isWrapped ? (item as { index: unknown; value: unknown }) : { index: undefined, value: item };
}

/** A result in the form that `map()` expects, where the item is one of its inputs. */
export function wrappedResult(index: unknown, value: unknown, isWrapped: boolean): unknown {
  return isWrapped ? { index, value } : value;
}
