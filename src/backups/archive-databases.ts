// The databases of a site on their way into its archive: each dump is streamed in, and taken back when it is not whole.
import { PassThrough, type Writable } from 'node:stream';
import type { Database } from '../databases/databases.ts';
import type { Dumped } from '../platform/database-server/port.ts';
import { PanelError } from '../platform/errors.ts';
import { bytesPassed } from '../platform/young-memory.ts';
import type { ZipWriter } from '../platform/zip/writer.ts';
import { dumpsFolder, type LeftOut, type ManifestDatabase } from './manifest.ts';
import type { MemberRows } from './member-rows.ts';
import { manifestMember, zipMember } from './members.ts';

export type ArchivedDatabase = Pick<Database, 'name' | 'engine'> & {
  /** @throws PanelError 503 when the server does not answer or the dump is not whole */
  write(into: Writable, signal: AbortSignal): Promise<Dumped>;
};

/** @returns the databases of a site that hold something; asked again to tell what was deleted meanwhile from what cannot be read */
export type DatabaseSource = () => Promise<readonly ArchivedDatabase[]>;

export type DatabasesOrder = {
  readonly source: DatabaseSource;
  readonly writer: ZipWriter;
  readonly members: MemberRows;
  /** epoch milliseconds */
  readonly at: number;
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number) => void;
};

export type WrittenDatabases = {
  readonly databases: readonly (ManifestDatabase & { readonly bytes: number })[];
  readonly leftOut: readonly LeftOut[];
};

type Outcome = { readonly dumped: Dumped; readonly size: number; readonly sha256: Promise<string> };

/**
 * Writes every database as a member. One that cannot be read is left out and said, the others and the files are there all the same.
 * @throws errors of writing the archive; the signal's reason
 */
export async function writeDatabases(order: DatabasesOrder): Promise<WrittenDatabases> {
  const { source, progress, signal } = order;
  // In an order of their own: the same database has the same path every night.
  const all = (await source()).toSorted((a, b) => compareTexts(`${a.name} ${a.engine}`, `${b.name} ${b.engine}`));
  const databases: WrittenDatabases['databases'][number][] = [];
  const leftOut: LeftOut[] = [];
  const taken = new Set<string>();
  for (const [done, database] of all.entries()) {
    signal.throwIfAborted();
    progress(done, all.length);
    const path = freePath(database, taken);
    const outcome = await writeOne(order, { database, path, tell: () => progress(done, all.length) });
    if (typeof outcome === 'string') {
      leftOut.push({ path, reason: (await isGone(source, database)) ? 'gone' : outcome });
      continue;
    }
    const { dumped, size, sha256 } = outcome;
    await order.members.add(manifestMember(path, { kind: 'file', ...ours(order) }, size), sha256);
    databases.push({ name: database.name, engine: database.engine, path, tables: dumped.tables, rows: dumped.rows, bytes: size });
    if (dumped.strays.length > 0) leftOut.push({ path, reason: 'changed' });
  }
  return { databases, leftOut };
}

const ours = ({ at }: Pick<DatabasesOrder, 'at'>) => ({ mode: 0o640, modifiedAt: at, stamp: '' });

const compareTexts = (one: string, other: string) => (one < other ? -1 : Number(one > other));

/** Two engines may have a database of the same name. */
function freePath({ name, engine }: ArchivedDatabase, taken: Set<string>): string {
  const usual = `${dumpsFolder}/${name}.sql`;
  const path = taken.has(usual) ? `${dumpsFolder}/${name}.${engine}.sql` : usual;
  taken.add(path);
  return path;
}

type One = { readonly database: ArchivedDatabase; readonly path: string; readonly tell: () => void };

/** A dump that broke off, or that does not fit what the server counts, is made a second time. @returns why there is none */
async function writeOne(order: DatabasesOrder, one: One): Promise<Outcome | 'unavailable' | 'incomplete'> {
  const { writer } = order;
  for (let attempt = 1; ; attempt++) {
    const mark = await writer.mark();
    const outcome = await dumpOnce(order, one);
    const isLast = attempt === 2 || outcome === 'unavailable';
    if (typeof outcome === 'object' && (isLast || outcome.dumped.strays.length === 0)) {
      await writer.goOn(mark);
      return outcome;
    }
    await writer.goBack(mark);
    if (typeof outcome === 'string' && isLast) return outcome;
  }
}

/** The text ended with a fault of its own, as opposed to one of the archive it goes into. */
class TextFault extends Error {}

async function* textOf(text: PassThrough, tell: () => void): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = text[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await chunks.next().catch((cause) => {
        throw new TextFault('dump', { cause });
      });
      if (done) return;
      tell();
      bytesPassed(value.length);
      yield value;
    }
  } finally {
    text.destroy();
  }
}

async function dumpOnce(
  { writer, signal, at }: DatabasesOrder,
  { database, path, tell }: One,
): Promise<Outcome | 'unavailable' | 'incomplete'> {
  const text = new PassThrough();
  text.on('error', () => {}); // whoever reads it hears of it
  const member = zipMember(path, { name: path, kind: 'file', size: 0, ...ours({ at }) });
  const [dump, written] = await Promise.allSettled([
    database.write(text, signal),
    writer.stream(member, Number.MAX_SAFE_INTEGER, textOf(text, tell)),
  ]);
  signal.throwIfAborted();
  if (written.status === 'rejected' && !(written.reason instanceof TextFault)) throw written.reason;
  if (dump.status === 'rejected') return whyOf(dump.reason);
  return written.status === 'rejected' ? 'incomplete' : { dumped: dump.value, ...written.value };
}

/** @throws what is no fault of the database server */
function whyOf(error: unknown): 'unavailable' | 'incomplete' {
  if (error instanceof TypeError || error instanceof ReferenceError) throw error;
  const code = error instanceof PanelError ? String(error.parameters.code ?? '') : 'STREAM';
  return /^(EXIT_|NO_END$|COMPLAINT$|STREAM$)/.test(code) ? 'incomplete' : 'unavailable';
}

async function isGone(source: DatabaseSource, { name, engine }: ArchivedDatabase): Promise<boolean> {
  return !(await source()).some((one) => one.name === name && one.engine === engine);
}
