// What may be handed out of a backup: the archive as it is, its files or its databases alone as an archive of their own, or one file.
import { Readable } from 'node:stream';
import { type Backup, type Backups, type LookedUp, momentOf } from '../backups/backups.ts';
import { conflict, notFound } from '../platform/errors.ts';
import type { Resumable } from '../platform/web/resumable.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { below, select, selected } from '../platform/zip/selection.ts';
import type { Site } from '../sites/sites.ts';

export const parts = ['whole', 'files', 'databases', 'file'] as const;
export type Part = (typeof parts)[number];

/** It is opened anew for each answer, so nothing has to be closed when it was not sent. */
export type Taken = Resumable & {
  readonly part: Part;
  /** of one file, else empty */
  readonly path: string;
};

type Asked = { readonly site: Site; readonly backup: Backup; readonly part: Part; readonly path: string };

/** Folders of the archive that a part is made of. */
const folders = { files: 'www', databases: 'databases' } as const;

/** See `Downloads.open`. */
export async function openPart(backups: Backups, asked: Asked): Promise<Taken> {
  if (asked.part === 'whole') return whole(backups, asked);
  return damageTold(() => (asked.part === 'file' ? oneFile(backups, asked) : selection(backups, asked)));
}

function whole(backups: Backups, { site, backup, part, path }: Asked): Taken {
  const { fileName, bytes, sha256, madeAt } = backups.downloadable(backup);
  return {
    ...{ part, path, fileName, bytes, type: 'application/zip', etag: `"sha256-${sha256}"`, modifiedAt: madeAt },
    open: (range) => backups.openArchive(site, backup, range),
  };
}

/** The same bytes of the same members each time, so its tag is that of the archive and the name of the part. */
async function selection(backups: Backups, { site, backup, part, path }: Asked): Promise<Taken> {
  const { fileName, sha256, madeAt } = backups.downloadable(backup);
  const takes = below(part === 'files' ? folders.files : folders.databases);
  const looked = await backups.lookUp(site, backup);
  const chosen = await select(looked.archive, takes).finally(() => looked.close());
  if (chosen.members === 0) throw notFound();
  return {
    ...{ part, path, bytes: chosen.bytes, type: 'application/zip', modifiedAt: madeAt },
    fileName: fileName.replace(/\.zip$/, `-${part}.zip`),
    etag: `"sha256-${sha256}-${part}"`,
    open: async (range) => closing(await backups.lookUp(site, backup), ({ archive }) => selected(archive, chosen, range)),
  };
}

/** It is inflated from its beginning whatever the range is; what lies before that is left out. */
async function oneFile(backups: Backups, { site, backup, part, path }: Asked): Promise<Taken> {
  const { sha256 } = backups.downloadable(backup);
  const looked = await backups.lookUp(site, backup);
  const entry = await looked.archive.find(path).finally(() => looked.close());
  if (entry?.kind !== 'file') throw notFound();
  return {
    ...{ part, path, bytes: entry.size, type: 'application/octet-stream', modifiedAt: momentOf(backup) },
    fileName: path.split('/').at(-1) ?? '',
    etag: `"sha256-${sha256}-${entry.offset}"`,
    open: async (range) => {
      const content = async ({ archive }: LookedUp) => {
        const stream = await archive.open(entry);
        return range ? Readable.from(cut(stream, range), { objectMode: false }).once('close', () => stream.destroy()) : stream;
      };
      return closing(await backups.lookUp(site, backup), content);
    },
  };
}

async function* cut(pieces: AsyncIterable<Buffer>, { start, end }: { start: number; end: number }): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const piece of pieces) {
    const part = piece.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
    at += piece.length;
    if (part.length > 0) yield part;
    if (at > end) return;
  }
}

/** The archive is closed with the stream. */
async function closing(looked: LookedUp, open: (looked: LookedUp) => Readable | Promise<Readable>): Promise<Readable> {
  try {
    const stream = await open(looked);
    stream.once('close', () => void looked.close());
    return stream;
  } catch (cause) {
    await looked.close();
    throw cause;
  }
}

async function damageTold<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof DamagedArchive ? conflict('backups.refused.damaged') : cause;
  }
}
