/**
 * The folder of this library's files: `dist/`, also for code that stands in one of its chunks. `undefined` where a user's bundler has moved the
 * library: bundlers that write CommonJS leave no `import.meta.url`.
 */
export const LIBRARY_FOLDER: URL | undefined = libraryFolder();

function libraryFolder(): URL | undefined {
  try {
    const url = new URL("../", import.meta.url);
    return url.protocol === "file:" ? url : undefined;
  } catch {
    return undefined;
  }
}
