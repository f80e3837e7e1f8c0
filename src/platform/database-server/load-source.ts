// The text of a load on its way in: it may be silent only so long, is told of, and stops when the database has grown too large.
import type { Readable } from 'node:stream';
import type { Limits } from './limits.ts';
import { LoadFault, type LoadOptions } from './port.ts';

/** how many bytes of text go by between two looks at the database's size: asking takes milliseconds */
const betweenLooks = 8 << 20;
/** larger pieces would be held while one of their statements waits */
const largestPiece = 256 << 10;

export type Source = {
  readonly from: Readable;
  readonly limits: Limits;
  readonly options: LoadOptions;
  readonly size: () => Promise<number>;
  /** where reading stands */
  readonly line: () => number;
};

/** @throws LoadFault `cutOff` when the text breaks off, `full` when the database is too large; the signal's reason */
export async function* readChunks({ from, limits, options, size, line }: Source): AsyncIterable<Buffer> {
  let [bytes, looked] = [0, 0];
  const look = async () => {
    looked = bytes;
    if (options.maximumBytes === undefined || (await size()) <= options.maximumBytes) return;
    throw new LoadFault({ line: line(), reason: 'full', about: 'maximumBytes' });
  };
  const chunks = from[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await sourceSays(chunks.next(), limits.work, line);
      options.signal?.throwIfAborted();
      if (next.done) break;
      const chunk = typeof next.value === 'string' ? Buffer.from(next.value) : (next.value as Buffer);
      for (let at = 0; at < chunk.length; at += largestPiece) yield chunk.subarray(at, at + largestPiece);
      bytes += chunk.length;
      options.progress?.({ bytes, lines: line() });
      if (bytes - looked >= betweenLooks) await look();
    }
    await look();
  } finally {
    from.destroy();
  }
}

async function sourceSays<T>(next: Promise<T>, limit: number, line: () => number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })), limit);
  });
  try {
    return await Promise.race([next, silent]);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    throw new LoadFault({ line: line(), reason: 'cutOff', about: typeof code === 'string' ? code : 'source' });
  } finally {
    clearTimeout(timer);
  }
}
