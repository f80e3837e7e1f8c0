// Changes that turn a sound request into a hostile one: the same seed and number make the same bytes on every machine.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Random = () => number;

/** @returns numbers in [0, 1) that depend on the seed alone (mulberry32) */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const below = (random: Random, limit: number) => Math.floor(random() * limit);
const oneOf = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T;

export type Seed = { readonly name: string; readonly head: string; readonly body: Buffer };

const headEnd = '\r\n\r\n';

/** @returns the kept requests by their names; `{{host}}` and the like stand where a running panel decides */
export function corpus(): Seed[] {
  const folder = join(import.meta.dirname, 'fuzz-corpus');
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(folder, name));
      const end = bytes.indexOf(headEnd);
      return { name, head: bytes.toString('utf8', 0, end), body: bytes.subarray(end + headEnd.length) };
    });
}

/** What parsers of forms, of headers and of paths have stumbled over. */
const hostile = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    '%00',
    '"',
    '\\"',
    ';',
    '--',
    '------gotgan-seed',
    '------gotgan-seed--',
    '--\r\n\r\n',
    '\r\n\r\n',
  ],
  ...["; filename*=UTF-8''%00.txt", '; filename="a"; filename="b.php"', '; name="files"; name="__proto__"', 'multipart/mixed'],
  ...['name="__proto__"', 'name="constructor[prototype]"', 'name="to[]"', 'name="_csrf"', 'Content-Transfer-Encoding: base64'],
  ...[
    '../',
    '..\\',
    '/',
    '//',
    'www',
    'www/../backup',
    '\u202e',
    '\ufeff',
    'e\u0301',
    '\ud55c',
    'CON',
    '.htaccess',
    'x'.repeat(300),
  ],
  ...['-1', '0', '00', '1e9', '0x10', '9007199254740993', '999999999999999', '99999999999999999999', 'NaN', ' ', '\t', ',', '='],
  ...[
    'sha1 ',
    'sha256 ',
    'chunked',
    'gzip',
    'identity',
    '100-continue',
    'application/offset+octet-stream',
    'path *',
    '{"',
    '[[[[',
    'null',
  ],
].map((text) => Buffer.from(text));
const headerNames = [
  ...[
    'Content-Length',
    'Content-Type',
    'Transfer-Encoding',
    'Expect',
    'Upload-Offset',
    'Upload-Length',
    'Upload-Metadata',
    'Range',
  ],
  ...[
    'Upload-Checksum',
    'Upload-Defer-Length',
    'Upload-Concat',
    'Tus-Resumable',
    'X-HTTP-Method-Override',
    'Content-Encoding',
    'Accept',
  ],
];

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const cut = (bytes: Buffer, random: Random, most = bytes.length): [number, number] => {
  const from = below(random, bytes.length + 1);
  return [from, Math.min(bytes.length, from + below(random, most) + 1)];
};
const put = (bytes: Buffer, at: number, more: Buffer, over = 0) =>
  Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + over)]);

const changes: readonly Change[] = [
  // single bytes
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let left = 1 + below(random, 4); left > 0 && copy.length > 0; left -= 1)
      copy[below(random, copy.length)] = below(random, 256);
    return copy;
  },
  // something is missing
  (bytes, random) => {
    const [from, to] = cut(bytes, random, 64);
    return put(bytes, from, Buffer.alloc(0), to - from);
  },
  // something is there twice, or very often
  (bytes, random) => {
    const [from, to] = cut(bytes, random, 256);
    const times = random() < 0.1 ? 200 : 1 + below(random, 3);
    return put(bytes, to, Buffer.concat(Array.from({ length: times }, () => bytes.subarray(from, to))));
  },
  // noise
  (bytes, random) =>
    put(
      bytes,
      below(random, bytes.length + 1),
      Buffer.from(Array.from({ length: 1 + below(random, 64) }, () => below(random, 256))),
    ),
  // what parsers have stumbled over, between or instead of what is there
  (bytes, random) => put(bytes, below(random, bytes.length + 1), oneOf(random, hostile), below(random, 16)),
  (bytes, random) => put(bytes, below(random, bytes.length + 1), oneOf(random, hostile)),
  // the end of another request
  (bytes, random, others) => {
    const other = oneOf(random, others);
    return Buffer.concat([bytes.subarray(0, below(random, bytes.length + 1)), other.subarray(below(random, other.length + 1))]);
  },
  // very long
  (bytes, random) => put(bytes, below(random, bytes.length + 1), Buffer.alloc(below(random, 40_000), oneOf(random, hostile))),
];

/** A line of the head is changed, lost, doubled or added; the way to the panel (request line, host, session) mostly stays. */
function changedHead(head: string, random: Random): string {
  const lines = head.split('\r\n');
  const guarded = random() < 0.85 ? 5 : 0;
  const at = guarded + below(random, Math.max(1, lines.length - guarded));
  const line = lines[at] ?? '';
  const how = random();
  if (how < 0.35) lines[at] = `${line.split(':')[0]}: ${oneOf(random, hostile).toString('latin1')}`;
  else if (how < 0.5) lines.splice(at, 1);
  else if (how < 0.6) lines.splice(at, 0, line);
  else if (how < 0.85) lines.splice(at, 0, `${oneOf(random, headerNames)}: ${oneOf(random, hostile).toString('latin1')}`);
  else
    lines[at] = changes[below(random, 6)]?.(Buffer.from(line, 'latin1'), random, [Buffer.from(head)]).toString('latin1') ?? line;
  return lines.join('\r\n');
}

export type Mutated = {
  readonly seed: string;
  readonly head: string;
  readonly body: Buffer;
  /** added to the true length of the body where the head tells one */
  readonly lie: number;
  /** how many of the bytes are sent, of 1; then the sender is gone */
  readonly sent: number;
};

/** @param number of the request: together with the seed it decides everything */
export function mutated(seeds: readonly Seed[], seed: number, number: number): Mutated {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const chosen = oneOf(random, seeds);
  const others = seeds.map(({ body }) => body);
  let { head, body } = chosen;
  const isInHead = body.length === 0 || random() < 0.35;
  if (isInHead) head = changedHead(head, random);
  if (!isInHead || random() < 0.2) {
    for (let left = 1 + below(random, 3); left > 0; left -= 1) body = oneOf(random, changes)(body, random, others);
  }
  const lie = random() < 0.06 ? below(random, 400) - 200 : 0;
  const sent = random() < 0.08 ? random() : 1;
  return { seed: chosen.name, head, body: body.subarray(0, 400_000), lie, sent };
}
