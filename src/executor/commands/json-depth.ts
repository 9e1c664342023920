const [QUOTE, BACKSLASH] = [34, 92];

/** Whether a text of JSON has arrays and objects within each other to more than `limit` levels. It need not be JSON. */
export function isNestedDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (let position = 0; position < text.length; position += 1) {
    switch (text.charCodeAt(position)) {
      case QUOTE:
        position = endOfString(text, position);
        break;
      case 91: // [
      case 123: // {
        depth += 1;
        if (depth > limit) return true;
        break;
      case 93: // ]
      case 125: // }
        depth -= 1;
        break;
    }
  }
  return false;
}

/** @returns Where the string that begins here ends: at a quote that no odd number of backslashes stands before. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslash = end - 1;
    while (text.charCodeAt(backslash) === BACKSLASH) backslash -= 1;
    if ((end - backslash) % 2 === 1) return end;
  }
  return text.length;
}
