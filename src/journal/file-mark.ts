/** What tells a file from its copies. What is not known is 0. */
export interface FileId {
  /** The file's number on its file system. */
  readonly number: number;
  /** When the file was made, in ms since 1970. Numbers are used again. */
  readonly born: number;
}

/** What also tells a journal's file from its own earlier states. */
export interface FileMark extends FileId {
  /** The beginning of the content, which is another one each time the journal is written anew. */
  readonly head: string;
  /** In bytes. */
  readonly size: number;
}

export const NO_MARK: FileMark = { number: 0, born: 0, head: "", size: 0 };

/** Whether both are the same file, and not one a copy of the other, as far as is known. */
export function isSameFile(one: FileId, other: FileId): boolean {
  const isEqual = (a: number, b: number) => a === b || a === 0 || b === 0;
  return isEqual(one.number, other.number) && isEqual(one.born, other.born);
}
