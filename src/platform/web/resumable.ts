// Sends something that never changes, whole or in part, so that who was cut off goes on where it was (RFC 9110 §13–14).
import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { asAttachment } from './headers.ts';
import { type Conditions, decided, rangeHolds, type Validators, type Wanted, wantedRange } from './ranges.ts';
import { send } from './sending.ts';

export type Resumable = Validators & {
  readonly fileName: string;
  readonly type: string;
  readonly bytes: number;
  /** @returns exactly these bytes, both ends inclusive; without a range all */
  readonly open: (range?: { readonly start: number; readonly end: number }) => Promise<Readable>;
};

/**
 * GET and HEAD.
 * @param begin is asked right before the first byte: what it throws is answered instead. HEAD, 304, 412 and 416 hand out nothing and do
 * not ask
 * @returns how many bytes the connection took
 */
export async function sendResumable(thing: Resumable, req: Request, res: Response, begin: () => Promise<void>): Promise<number> {
  describe(res, thing);
  const conditions = conditionsOf(req);
  const outcome = decided(conditions, thing);
  if (outcome) {
    res.status(outcome).end();
    return 0;
  }
  // RFC 9110 §14.2: ranges are defined for GET alone.
  const isGet = req.method === 'GET';
  const wanted = isGet && rangeHolds(conditions, thing) ? wantedRange(req.get('range'), thing.bytes) : 'whole';
  measure(res, wanted, thing.bytes);
  if (wanted === 'unsatisfiable' || !isGet) {
    res.end();
    return 0;
  }
  const stream = await thing.open(wanted === 'whole' ? undefined : wanted);
  try {
    await begin();
  } catch (error) {
    stream.destroy();
    throw error;
  }
  let sent = 0;
  await send(stream, res, (bytes) => {
    sent += bytes;
  });
  return sent;
}

function conditionsOf(req: Request): Conditions {
  return {
    ifMatch: req.get('if-match'),
    ifUnmodifiedSince: req.get('if-unmodified-since'),
    ifNoneMatch: req.get('if-none-match'),
    ifModifiedSince: req.get('if-modified-since'),
    ifRange: req.get('if-range'),
  };
}

/**
 * `no-store` stays: an archive holds passwords, and a browser's downloads resume from their own partial file, by ETag and
 * If-Range, not from its cache.
 */
function describe(res: Response, { fileName, type, etag, modifiedAt }: Resumable): void {
  asAttachment(res, fileName);
  res.set({
    'Content-Type': type,
    ETag: etag,
    'Last-Modified': new Date(modifiedAt).toUTCString(),
    'Accept-Ranges': 'bytes',
  });
}

/** Status and lengths of what is sent. */
function measure(res: Response, wanted: Wanted, size: number): void {
  if (wanted === 'unsatisfiable') {
    res.status(416).set('Content-Range', `bytes */${size}`).set('Content-Length', '0');
  } else if (wanted === 'whole') {
    res.status(200).set('Content-Length', String(size));
  } else {
    const { start, end } = wanted;
    res.status(206).set({ 'Content-Length': String(end - start + 1), 'Content-Range': `bytes ${start}-${end}/${size}` });
  }
}
