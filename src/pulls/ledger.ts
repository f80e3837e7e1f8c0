// What a backup host writes down for itself: how old each copy is by its own time, and since when a site's erasure is asked for (ruling 9).
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, day, hour } from '../platform/clock.ts';

export type SiteNotes = {
  /** backup → own time at which it was kept */
  readonly copies: Readonly<Record<string, number>>;
  /** own time at which an erasure was first seen that has stood since */
  readonly erasureSince: number | null;
  /** own time of the last look at what is stored, and how many there were */
  readonly checkedAt: number | null;
  readonly checks: number;
};

const nothing: SiteNotes = { copies: {}, erasureSince: null, checkedAt: null, checks: 0 };

type Time = {
  /** grows with the time that passes here */
  readonly own: number;
  /** what the clock said then */
  readonly wall: number;
  /** own times of the last erasures */
  readonly erased: readonly number[];
  /** own time of the last look at every site */
  readonly swept: number | null;
};

/** Sites that nothing came for are looked at so often. */
const sweepEvery = hour;

const isId = (text: string) => /^[0-9a-f-]{1,64}$/i.test(text);

/**
 * Own time is no clock time: while the process runs it is what the monotonic clock says, and across its starts at most a day each.
 * A clock that was set ten years ahead makes no copy old.
 */
export class Ledger {
  readonly #folder: string;
  readonly #clock: Clock;
  #time: Time;
  #since: number;

  private constructor(folder: string, clock: Clock, time: Time) {
    this.#folder = folder;
    this.#clock = clock;
    this.#time = time;
    this.#since = clock.monotonic();
  }

  /** @param folder made where there is none */
  static async open(folder: string, clock: Clock): Promise<Ledger> {
    await mkdir(join(folder, 'sites'), { recursive: true, mode: 0o700 });
    const wall = clock.now();
    const before = await read<Time>(join(folder, 'time.json'));
    const passed = before === undefined ? 0 : Math.min(Math.max(0, wall - before.wall), day);
    const kept = { erased: before?.erased ?? [], swept: before?.swept ?? null };
    const ledger = new Ledger(folder, clock, { own: (before?.own ?? 0) + passed, wall, ...kept });
    await ledger.#save();
    return ledger;
  }

  /** @returns the host's own time, milliseconds that only grow */
  now(): number {
    return this.#time.own + Math.max(0, this.#clock.monotonic() - this.#since);
  }

  /** Writes down how far own time has come: what is not written is not counted after a start. */
  async keepTime(): Promise<void> {
    const own = this.now();
    this.#since = this.#clock.monotonic();
    this.#time = { ...this.#time, own, wall: this.#clock.now() };
    await this.#save();
  }

  /** @returns whether every site is to be looked at now; asked once a round */
  sweepDue(): boolean {
    const { swept } = this.#time;
    if (swept !== null && this.now() - swept < sweepEvery) return false;
    this.#time = { ...this.#time, swept: this.now() };
    return true;
  }

  /** @returns ids of sites that have something here */
  async sites(): Promise<string[]> {
    const names = await readdir(join(this.#folder, 'sites'));
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  }

  async notes(site: string): Promise<SiteNotes> {
    return { ...nothing, ...(await read<Partial<SiteNotes>>(this.#at(site))) };
  }

  async write(site: string, notes: SiteNotes): Promise<void> {
    await writeWhole(this.#at(site), notes);
  }

  /** @returns how many sites were erased within the last day of own time */
  erasedLately(): number {
    return this.#time.erased.filter((at) => at > this.now() - day).length;
  }

  async erased(site: string): Promise<void> {
    this.#time = { ...this.#time, erased: [...this.#time.erased.filter((at) => at > this.now() - day), this.now()] };
    await this.keepTime();
    await rm(this.#at(site), { force: true });
  }

  #at(site: string): string {
    if (!isId(site)) throw new RangeError('Not the id of a site');
    return join(this.#folder, 'sites', `${site}.json`);
  }

  #save(): Promise<void> {
    return writeWhole(join(this.#folder, 'time.json'), this.#time);
  }
}

/** @throws SyntaxError for a file that is damaged: without it nothing may be taken away */
async function read<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : JSON.parse(text);
}

/** Durable, and whole at every moment. */
async function writeWhole(path: string, value: unknown): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}
