// Memory given back early: that of bytes that pass through, while it is young, and that of what only a start needed.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' } | { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/**
 * Each piece that a connection or a disk brings is a buffer of its own, outside of V8's heap and dead at once. V8 counts such memory
 * and, every 40 MiB, marks the whole heap for it, which takes longer the more a program holds (0.6 s for each GiB that arrives here).
 * Looking at young objects alone takes less than a millisecond and gives the same back. It must come before V8 has counted as much as it
 * lets an old heap grow by, which is as little as 8 MiB after a quiet hour: at 16 MiB a gibibyte by tus took 6.9 s, at 4 MiB 2.8 (measured).
 */
const everyBytes = 4 * 1024 * 1024;

/** There is one heap a process, so there is one of these. */
class YoungMemory {
  #collect: Collect | undefined;
  #passed = 0;

  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < everyBytes) return;
    this.#passed = 0;
    this.#collect ??= collector();
    this.#collect({ type: 'minor' });
  }
}

const ofThisProcess = new YoungMemory();

/** To be told of the bytes of each piece that was done with, whoever brought it. */
export function bytesPassed(bytes: number): void {
  ofThisProcess.passed(bytes);
}

/** For `pipeline`: hands pieces on, and tells of each once it was taken. */
export async function* passing<Piece extends Uint8Array>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    yield piece;
    bytesPassed(piece.length);
  }
}

/**
 * Lets go of what a start compiled and nobody runs again: 10 MiB of a worker, 20 of a process with pages (measured). For processes that
 * nobody waits for, since all stands still for 0.1 to 0.5 s.
 */
export function letGoOfStart(): void {
  collector()({ type: 'major', flavor: 'last-resort' });
}

/** V8 shows its collector only to contexts that are made while the flag is set. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('globalThis.gc ?? (() => {})') as Collect;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
