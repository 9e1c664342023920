/** The user's file or the command line is wrong: the command ends with the exit code for wrong use. */
export class FileError extends Error {}
