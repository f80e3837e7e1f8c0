// Where the files beside the program lie: the same from `src/` and from the built `dist/`.
import { fileURLToPath } from 'node:url';

/** @param name such as `views` or `public`, relative to the package */
export function packageFolder(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}

/** Scripts of libraries that pages load, by the names they are served under: the client of resumable uploads on the page of uploads. */
export const scriptsOfOthers = {
  'behaviours/tus.js': fileURLToPath(import.meta.resolve('tus-js-client/dist/tus.min.js')),
};
