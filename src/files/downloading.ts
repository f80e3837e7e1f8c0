// Bytes that leave the panel: one file, or what was chosen as a ZIP that is written while it is read.
import type { Request, Response } from 'express';
import { notFound } from '../platform/errors.ts';
import { parsePath, startsWith } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { goTo, say } from '../platform/web/page.ts';
import { overWith, send } from '../platform/web/sending.ts';
import { Turns } from '../platform/web/turns.ts';
import { Outlet } from '../platform/zip/outlet.ts';
import type { Files } from './files.ts';
import { fileAddress } from './listing.ts';
import { mayHavePreview, Previews, previewTag } from './previews.ts';

export async function download(files: Files, req: Request, res: Response, path: SitePath): Promise<void> {
  const { entry, stream } = await files.open(req.site, path);
  asAttachment(res, entry.name);
  res.set({ 'Content-Type': 'application/octet-stream', 'Content-Length': String(entry.size) });
  if (req.method === 'HEAD') {
    stream.destroy();
    return void res.end();
  }
  await send(stream, res);
}

/** @returns the handler of `?do=preview`: the picture made small, as `Previews` says. Browsers keep it, and ask whether it still is the same */
export function previewing(files: Files) {
  const previews = new Previews();
  return async (req: Request, res: Response, path: SitePath): Promise<void> => {
    const entry = await files.stat(req.site, path);
    if (path[0] !== 'www' || !mayHavePreview(entry)) throw notFound();
    if (req.get('if-none-match') === previewTag(entry)) return void asPicture(res, previewTag(entry)).status(304).end();
    if (req.method === 'HEAD') return void asPicture(res, previewTag(entry)).end();
    const opened = await files.open(req.site, path);
    const made = await previews.make(req.site.customerId, opened.stream, overWith(res));
    asPicture(res, previewTag(opened.entry)).send(made);
  };
}

/** They are made from a customer's bytes: never run, never a page. */
function asPicture(res: Response, tag: string): Response {
  asAttachment(res, 'preview.webp');
  return res.set({ 'Content-Type': 'image/webp', 'Cache-Control': 'private, no-cache', ETag: tag });
}

/** Each takes a processor for as long as it is read. */
const zipsAtOnce = 2;

/** @returns the handler of `?do=zip`: the entries in `path`, all in one folder, or without any the folder itself */
export function zipping(files: Files) {
  const turns = new Turns({ atOnce: zipsAtOnce, refusal: 'files.zip.tooMany' });
  return async (req: Request, res: Response, folder: SitePath): Promise<void> => {
    const tops = await chosenIn(files, req, folder);
    if (tops.length > 0) return turns.during(req, () => sendZip(files, req, res, tops));
    say(req, 'files.nothingChosen', undefined, 'bad');
    goTo(req, res, fileAddress(req.site.name, folder));
  };
}

/** What is not there any more is left out. @throws PanelError 404 outside of `www/` */
async function chosenIn(files: Files, req: Request, folder: SitePath): Promise<SitePath[]> {
  if (folder[0] !== 'www') throw notFound();
  if (req.query.path === undefined) {
    if ((await files.stat(req.site, folder)).kind !== 'folder') throw notFound();
    return [folder];
  }
  const asked = [req.query.path].flat().map((text) => parsePath(String(text)));
  const inside = new Set((await files.names(req.site, folder)).map(({ name }) => name));
  const isHere = (path: SitePath) =>
    path.length === folder.length + 1 && startsWith(path, folder) && inside.has(path.at(-1) ?? '');
  return asked.filter((path): path is SitePath => path !== undefined && isHere(path));
}

async function sendZip(files: Files, req: Request, res: Response, tops: readonly SitePath[]): Promise<void> {
  const { words } = req.visit;
  const [only = []] = tops;
  const name = tops.length === 1 ? (only.at(-1) ?? '') : (only.at(-2) ?? req.site.name);
  asAttachment(res, `${name}.zip`);
  res.set('Content-Type', 'application/zip');
  if (req.method === 'HEAD') return void res.end();
  const outlet = new Outlet();
  const leaving = new AbortController();
  res.once('close', () => leaving.abort(new Error('the reader of the archive went away')));
  const left = { leftOutName: words.t('files.zip.leftOutName'), leftOutHeading: words.t('files.zip.leftOut') };
  const writing = files.zip(req.site, { tops, outlet, signal: leaving.signal, ...left }).catch((error: Error) => {
    outlet.fail(error);
    if (!leaving.signal.aborted) throw error;
  });
  await Promise.all([send(outlet.stream, res), writing]);
}
