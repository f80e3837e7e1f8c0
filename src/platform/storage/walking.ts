// All that stands below a folder of a site, told by a thread while whoever asked works at what it told before.
import { answering } from './faults.ts';
import type { Folder } from './folder.ts';
import type { SiteWalk, WalkPortion } from './port.ts';
import { SiteThread, withCode } from './site-thread.ts';
import type { Walked, WalkOrder } from './site-walk.ts';

/** Portions that are asked for before their turn. */
const askedAhead = 16;
/** The names of one folder are held at once, and a folder may hold a million. */
const mostMemoryMebibytes = 512;

export class DiskWalk implements SiteWalk {
  readonly #folder: Folder;
  readonly #thread = new SiteThread(mostMemoryMebibytes);
  readonly #asked: Promise<Walked>[] = [];
  #isEnd = false;

  /** @param folder is closed with it */
  constructor(folder: Folder, order: Omit<WalkOrder, 'folder'>) {
    this.#folder = folder;
    this.#ask({ ...order, folder: folder.handle.fd });
  }

  #ask(order: WalkOrder | undefined): void {
    const asked = this.#thread.walk(order);
    asked.catch(() => {}); // it is awaited in its turn, or something else was thrown before
    this.#asked.push(asked);
  }

  next(): Promise<WalkPortion | undefined> {
    return answering(async () => {
      if (this.#isEnd) return undefined;
      while (this.#asked.length < askedAhead) this.#ask(undefined);
      const walked = await this.#asked.shift();
      if (!walked) return undefined;
      this.#isEnd = walked.isEnd;
      const { rows, files, bytes, left } = walked;
      return { rows, files, bytes, left: await Promise.all(left.map(withCause)) };
    });
  }

  /** What hangs in a call of the system is not waited for, and keeps the folder open as long. */
  async close(): Promise<void> {
    this.#thread
      .close()
      .then(() => this.#folder.close())
      .catch(() => {}); // nobody waits for it
  }
}

async function withCause({ path, code }: Walked['left'][number]): Promise<WalkPortion['left'][number]> {
  if (code === undefined) return { path };
  const cause = await answering(() => Promise.reject(withCode(code))).catch((error: unknown) => error);
  return { path, cause };
}
