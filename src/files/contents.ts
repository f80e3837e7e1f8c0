// What a file is, whatever its name says: signature, text rules, server tags. Bytes pass by once and memory stays bounded.
import { isUtf8 } from 'node:buffer';
import { unavailable } from '../platform/errors.ts';
import { type Kind, kindOf } from './kinds.ts';
import { extensionOf } from './names.ts';
import { claimedPixels, maximumPixels } from './pixels.ts';
import { type Found, type Refusal, refusal } from './refusals.ts';
import { type TagReach, TagScanner } from './server-tags.ts';
import { judgeSvg } from './svg-rules.ts';
import { TextRules } from './text-rules.ts';

/** As much of the beginning as signatures and picture headers are looked for in. */
const prefixBytes = 256 * 1024;
const recogniseMilliseconds = 2000;

/** Programs, whatever the name says: refused also where an operator allows a kind that we cannot judge. */
const programs = new Set([
  'exe',
  'elf',
  'macho',
  'class',
  'wasm',
  'lnk',
  'swf',
  'deb',
  'rpm',
  'cab',
  'crx',
  'chm',
  'reg',
  'jar',
  'apk',
  'dmg',
  'iso',
  'ar',
  'xpi',
]);

/**
 * Formats that begin with letters. In text kinds file-type is asked only for a name of what is refused anyway: it calls a text
 * that begins with `MZ세대` a program, `BMW` a bitmap and `solid` a model.
 */
const binaryHead =
  /^(?:\ufeff|\xef\xbb\xbf)?(?:%PDF-\d|GIF8[79]a|\{\\rtf|!<arch>\n|\x7fELF|PK[\x01\x03\x05\x07]|BZh\d1AY|SQLite format 3|8BPS|Rar!\x1a|MSCF)/;

/** Judges one content, as a file or as a member of an archive, in chunks of at most some hundred kilobytes each. */
export class ContentJudge {
  readonly #path: readonly string[];
  readonly #extension: string;
  readonly #kind: Kind | undefined;
  readonly #tags: TagScanner;
  readonly #text: TextRules | undefined;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #bytes = 0;
  #contains: boolean;
  #tail: Buffer = Buffer.alloc(0);

  /** @param opaque a part of a document or a system's own file: whatever its name says, only programs and server tags are refused */
  constructor(path: readonly string[], opaque = false) {
    const extension = extensionOf(path.at(-1) ?? '');
    const kind = opaque ? undefined : kindOf(extension);
    this.#path = path;
    this.#extension = extension;
    this.#kind = kind;
    this.#tags = new TagScanner(reachOf(kind));
    this.#text = isTextual(kind) ? new TextRules() : undefined;
    this.#contains = kind?.contains === undefined;
  }

  /** @returns whether more is needed to judge; the chunk may be reused afterwards */
  push(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    const keep = Math.min(chunk.length, (this.#kind?.family === 'svg' ? this.#limit() : prefixBytes) - this.#headBytes);
    if (keep > 0) {
      this.#head.push(Buffer.from(chunk.subarray(0, keep)));
      this.#headBytes += keep;
    }
    this.#lookForMarker(chunk);
    const tagged = this.#tags.push(chunk);
    const maybeText = this.#text?.push(chunk) ?? true;
    return !tagged && maybeText && this.#bytes <= this.#limit();
  }

  /** @returns why the content may not be, or `undefined`. Errors: PanelError 503 when it could not be recognised in time */
  async end(): Promise<Refusal | undefined> {
    if (this.#bytes === 0) return undefined;
    if (this.#bytes > this.#limit()) return refusal('too_big', this.#path, { size: this.#bytes, limit: this.#limit() });
    const head = Buffer.concat(this.#head);
    const found =
      (this.#text ? await this.#judgeText(head, this.#text) : await this.#judgeSignature(head)) ??
      (this.#tags.end() ? 'server-code' : undefined);
    if (found) return refusal('content_mismatch', this.#path, { ext: this.#extension, found });
    const pixels = claimedPixels(this.#extension, head) ?? 0;
    if (pixels <= maximumPixels) return undefined;
    return refusal('too_big', this.#path, { size: pixels, limit: maximumPixels, unit: 'pixels' });
  }

  /** After `end`: tags that a server runs, whatever else is wrong with it. */
  get holdsServerCode(): boolean {
    return this.#tags.end();
  }

  #limit(): number {
    return this.#kind?.maximumBytes ?? Number.POSITIVE_INFINITY;
  }

  #lookForMarker(chunk: Buffer): void {
    const marker = this.#kind?.contains;
    if (this.#contains || !marker) return;
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, marker.length - 1)]);
    this.#contains = seam.includes(marker) || chunk.includes(marker);
    this.#tail = Buffer.from(Buffer.concat([this.#tail, chunk.subarray(-marker.length)]).subarray(1 - marker.length));
  }

  async #judgeText(head: Buffer, rules: TextRules): Promise<Found | string | undefined> {
    const tagged = this.#tags.end();
    const is = rules.end();
    if (is === 'utf-16') return is;
    // A scan that stopped at a tag has not seen the rest, so that what it says of the text counts for nothing.
    if (is !== 'text' || binaryHead.test(head.toString('latin1', 0, 64)))
      return tagged ? 'server-code' : ((await recognised(head)) ?? 'binary');
    if (tagged) return 'server-code';
    return this.#kind?.family === 'svg' ? judgeSvg(isUtf8(head) ? head.toString() : head.toString('latin1')) : undefined;
  }

  async #judgeSignature(head: Buffer): Promise<Found | string | undefined> {
    const kind = this.#kind;
    const begins = kind?.begins?.test(head.toString('latin1', 0, 64)) ?? true;
    // Archives are read to the end by their own rules; file-type would unpack them.
    if (begins && (kind?.family === 'zip' || kind?.family === 'office' || kind?.family === 'gz')) return undefined;
    const found = await recognised(head);
    if (!kind) return found !== undefined && programs.has(found) ? found : undefined;
    // file-type calls some texts in UTF-16 sound, since both begin with FF FE.
    if (/^(?:\xff\xfe|\xfe\xff)/.test(head.toString('latin1', 0, 2))) return 'utf-16';
    const accepted = kind.family === 'tar' ? ['tar'] : (kind.found ?? []);
    if (begins && this.#contains && (found === undefined || accepted.includes(found))) return undefined;
    if (found !== undefined && (!accepted.includes(found) || !this.#contains)) return found;
    return isUtf8(trimmed(head)) && !head.includes(0) ? 'text' : 'unknown';
  }
}

const isTextual = (kind: Kind | undefined) => kind?.family === 'text' || kind?.family === 'markup' || kind?.family === 'svg';

function reachOf(kind: Kind | undefined): TagReach {
  if (kind?.family === 'markup' || kind?.family === 'svg') return 'markup';
  return kind?.family === 'text' ? 'text' : 'binary';
}

/** Without the bytes of a character that the cut went through. */
function trimmed(head: Buffer): Buffer {
  let end = head.length;
  while (end > 0 && end > head.length - 4 && ((head[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return head.length < prefixBytes ? head : head.subarray(0, Math.max(0, end - 1));
}

async function recognised(head: Buffer): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable()), recogniseMilliseconds);
  });
  try {
    const { fileTypeFromBuffer } = await import('file-type');
    return (await Promise.race([fileTypeFromBuffer(head, { maxBufferSize: prefixBytes }), late]))?.ext;
  } finally {
    clearTimeout(timer);
  }
}
