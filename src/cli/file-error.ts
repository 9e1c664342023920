/** Something in a file of the user's is not as it has to be: wrong use, not a failure. */
export class FileError extends Error {}
