// One drill: an archive is unpacked into an empty place, its dumps are loaded into throw-away databases, everything is compared.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type DatabaseEngine, LoadFault } from '../platform/database-server/port.ts';
import type { Signing } from '../platform/signing.ts';
import { askSqlite, patienceFor } from '../platform/sqlite-file/asking.ts';
import type { SqliteAnswer } from '../platform/sqlite-file/orders.ts';
import { ZipReader } from '../platform/zip/reader.ts';
import type { ManifestDatabase } from './manifest.ts';
import { signedBy } from './signature.ts';
import { compareUnpacked, isDamage, Unlike, unpackInto } from './unpacking.ts';

export type DrillOrder = {
  /** path on this machine */
  readonly archive: string;
  /** empty, and nobody else's */
  readonly folder: string;
  readonly signing: Signing;
  /** loads a dump somewhere and says what was there afterwards; undefined: there is no server of this engine */
  readonly load: (database: LoadableDatabase, dump: Dump) => Promise<Loaded | undefined>;
  readonly signal: AbortSignal;
  /** called for every member and while dumps are loaded */
  readonly tick: () => void;
};

export type LoadableDatabase = ManifestDatabase & { readonly engine: DatabaseEngine };

/** A dump as it was unpacked; who reads it closes it. */
export type Dump = { readonly from: Readable; readonly bytes: number };

export type Loaded = { readonly tables: number; readonly rows: number };

export type DrillFigures = {
  readonly files: number;
  readonly bytes: number;
  readonly databases: number;
  readonly tables: number;
  readonly rows: number;
};

/**
 * damaged: what is there is not what the manifest says · unloadable: a dump is as it was made, and its engine does not take it ·
 * noServer: no server of a dump's engine is known here
 */
export type DrillOutcome =
  | { readonly outcome: 'proven'; readonly figures: DrillFigures }
  | { readonly outcome: 'damaged' | 'unloadable' | 'noServer'; readonly reason: string; readonly what: string };

/** @throws errors of file systems and servers, with which nothing is proven and nothing is refuted; the signal's reason */
export async function drill(order: DrillOrder): Promise<DrillOutcome> {
  const { archive, folder, signing, signal } = order;
  const tick = () => {
    signal.throwIfAborted();
    order.tick();
  };
  let reader: ZipReader | undefined;
  try {
    reader = await ZipReader.open(archive);
    if ((await signedBy(reader, signing)) === 'foreign') throw new Unlike('', 'signature');
    await unpackInto(folder, reader, tick);
    const { head, files, bytes } = await compareUnpacked(folder, reader, tick);
    const loaded = { tables: 0, rows: 0 };
    for (const database of head.databases) {
      const fault = await loadOne(order, database, loaded);
      if (fault) return fault;
    }
    return { outcome: 'proven', figures: { files, bytes, databases: head.databases.length, ...loaded } };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const what = error instanceof Unlike ? error.message : 'archive';
    return { outcome: 'damaged', reason: 'backups.reason.drillFiles', what };
  } finally {
    await reader?.close();
  }
}

async function loadOne(
  order: DrillOrder,
  database: ManifestDatabase,
  sum: { tables: number; rows: number },
): Promise<DrillOutcome | undefined> {
  const { folder, signal, load } = order;
  const { engine } = database;
  const path = join(folder, database.path);
  const { size: bytes } = await stat(path);
  const asking = { signal, tell: order.tick, milliseconds: patienceFor(bytes) };
  if (engine === 'sqlite') return sqliteFault(await askSqlite({ act: 'check', file: path }, asking), database, sum);
  const from = Readable.from(told(createReadStream(path), order.tick), { objectMode: false });
  try {
    const loaded = await load({ ...database, engine }, { from, bytes });
    if (!loaded) return { outcome: 'noServer', reason: 'backups.reason.noServer', what: engine };
    if (loaded.tables !== database.tables || loaded.rows !== database.rows)
      return { outcome: 'damaged', reason: 'backups.reason.drillRows', what: 'rows' };
    sum.tables += loaded.tables;
    sum.rows += loaded.rows;
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LoadFault) || error.reason === 'full' || isAway(error)) throw error;
    if (error.reason === 'cutOff') return { outcome: 'damaged', reason: 'backups.reason.drillRows', what: error.reason };
    return { outcome: 'unloadable', reason: 'backups.reason.unloadable', what: `${error.reason} ${error.line}` };
  } finally {
    from.destroy();
  }
}

/** It was whole when the backup was made: what is less now was lost. @throws when it could not be looked into, which says nothing of it */
function sqliteFault(
  answer: SqliteAnswer,
  { tables, rows }: ManifestDatabase,
  sum: { tables: number; rows: number },
): DrillOutcome | undefined {
  if ('fault' in answer && answer.fault !== 'malformed') throw new Error('a SQLite database could not be looked into');
  if ('fault' in answer || answer.tables !== tables || answer.rows !== rows)
    return { outcome: 'damaged', reason: 'backups.reason.drillRows', what: 'rows' };
  sum.tables += answer.tables;
  sum.rows += answer.rows;
  return undefined;
}

/** The server went away in the middle; that is no answer of its engine. */
const isAway = ({ about }: LoadFault) => /^(PROTOCOL_|ECONN|EPIPE|ETIMEDOUT|ER_SERVER_SHUTDOWN|ER_1927|57P|08)/.test(about);

async function* told(chunks: AsyncIterable<Buffer>, tick: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tick();
    yield chunk;
  }
}
