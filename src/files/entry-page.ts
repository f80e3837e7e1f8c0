// One entry of a folder: what it is, and what may be done with it.
import type { Request } from 'express';
import type { Entry, SitePath } from '../platform/storage/port.ts';
import type { PageData } from '../platform/web/page.ts';
import { mostEdited } from './editing.ts';
import { isArchiveName } from './jobs.ts';
import { fileAddress } from './listing.ts';
import { mayHavePreview } from './previews.ts';
import { rightsInWords } from './rights.ts';
import type { Trashed } from './trash.ts';

/** @param versions what was written over in it, newest first */
export function entryPage(req: Request, path: SitePath, entry: Entry, versions: readonly Trashed[]): PageData {
  const { words, url } = req.visit;
  const parent = path.slice(0, -1);
  const isOurs = path[0] === 'www' && path.length > 1;
  const hasPreview = path[0] === 'www' && mayHavePreview(entry);
  return {
    title: path.at(-1) ?? '',
    section: 'files',
    form: true,
    site: req.site,
    entry,
    path: path.join('/'),
    address: url(fileAddress(req.site.name, path)),
    back: url(fileAddress(req.site.name, parent)),
    rights: entry.kind === 'link' ? '' : rightsInWords(entry.mode, entry.kind, words),
    octal: (entry.mode & 0o777).toString(8).padStart(3, '0'),
    isOpenToAll: (entry.mode & 0o002) !== 0 && entry.kind !== 'link',
    hasPreview,
    scripts: hasPreview ? ['behaviours/preview.js'] : [],
    mayDownload: entry.kind === 'file' && path[0] === 'www',
    ...{ mostEdited, versions },
    isArchive: entry.kind === 'file' && isArchiveName(entry.name),
    isOurs: path[0] === 'www',
    isWritable: isOurs && req.mayChange,
  };
}
