// One line of the FTP server's log: how it is written, and how it is read though a stranger may have typed what stands in it.
import { posix } from 'node:path';

/**
 * Variables of ProFTPD's LogFormat, in the order of a line, under the names that a line read has them by. What a stranger types comes last,
 * and the paths before it with the one that matters most first, since the server cuts a line after some 4,090 octets.
 */
const parts = [
  ['time', '%{epoch}%{millisecs}'],
  ['process', '%P'],
  ['protocol', '%{protocol}'],
  ['address', '%a'],
  ['user', '%u'],
  ['command', '%m'],
  ['answer', '%s'],
  ['transfer', '%{transfer-status}'],
  ['bytes', '%b'],
  ['reason', '%E'],
  ['outside', '%f'],
  ['before', '%w'],
  ['inside', '%F'],
  ['typedUser', '%U'],
] as const;

/** Octets that a line which the server cut has at least: a shorter one without its end was cut by a line feed in it. */
const longLine = 4000;

type Part = (typeof parts)[number][0];

/** `-` and nothing are undefined; paths are octets, since not every name is UTF-8. */
export type LogLine = {
  readonly at: number;
  readonly sessionId: string;
  readonly isEncrypted: boolean;
  readonly address: string;
  readonly user: string;
  readonly command: string;
  readonly answer: number;
  readonly isTransferred: boolean;
  readonly bytes: number | undefined;
  readonly reason: string | undefined;
  /** on the server */
  readonly outside: Buffer | undefined;
  /** `outside` itself was cut, somewhere after its last stroke */
  readonly isCut: boolean;
  /** in the jail: of a rename the path before it */
  readonly before: Buffer | undefined;
  /** in the jail */
  readonly inside: Buffer | undefined;
};

/** What `LogFormat` is told. The word stands at both ends: what was cut short, or has a line feed in it, lacks one of them. */
export const logFormat = (word: string): string => [word, ...parts.map(([, variable]) => variable), word].join('\t');

/** @returns where in it lines begin: a line that the server cut has no line feed, and the next one follows at once */
export function beginningsIn(bytes: Buffer, word: string): number[] {
  const found = [];
  for (let at = bytes.indexOf(`${word}\t`); at >= 0; at = bytes.indexOf(`${word}\t`, at + 1)) found.push(at);
  return found;
}

/** @returns undefined for what is no line of ours; `broken` for what begins or ends as one and cannot be read */
export function parseLine(bytes: Buffer, word: string): LogLine | 'broken' | undefined {
  const begins = bytes.indexOf(`${word}\t`) === 0;
  const ends = bytes.subarray(-word.length - 1).equals(Buffer.from(`\t${word}`));
  if (!begins && !ends) return undefined;
  const fields = fieldsOf(bytes).slice(1);
  const isWhole = ends && fields.length === parts.length + 1;
  const isLong = !ends && bytes.length >= longLine && fields.length > pathAt && fields.length <= parts.length;
  if (!begins || !(isWhole || isLong)) return 'broken';
  // of a cut line the last field is no whole one
  const known = isWhole || fields.length === pathAt + 1 ? fields : fields.slice(0, -1);
  const line = lineOf(new Map(parts.map(([name], index) => [name, known[index] ?? Buffer.alloc(0)])));
  return line === 'broken' ? line : { ...line, isCut: isLong && fields.length === pathAt + 1 };
}

const pathAt = parts.findIndex(([name]) => name === 'outside');

function fieldsOf(bytes: Buffer): Buffer[] {
  const fields = [];
  for (let at = 0, tab = 0; tab >= 0; at = tab + 1) {
    tab = bytes.indexOf('\t', at);
    fields.push(bytes.subarray(at, tab < 0 ? undefined : tab));
  }
  return fields;
}

function lineOf(fields: ReadonlyMap<Part, Buffer>): LogLine | 'broken' {
  const octets = (name: Part) => {
    const value = fields.get(name);
    return value && value.length > 0 && !value.equals(Buffer.from('-')) ? value : undefined;
  };
  const text = (name: Part) => octets(name)?.toString('utf8');
  const [time, process, command] = [text('time'), text('process'), text('command')];
  if (!time || !process || !command || !/^\d{13,15}$/.test(time) || !/^\d{1,10}$/.test(process)) return 'broken';
  return {
    at: Number(time),
    sessionId: sessionName(process),
    isEncrypted: text('protocol') === 'ftps',
    address: plainAddress(text('address') ?? ''),
    user: text('user') ?? text('typedUser') ?? '',
    command,
    answer: Number(text('answer') ?? 0),
    isTransferred: text('transfer') === 'success',
    bytes: /^\d+$/.test(text('bytes') ?? '') ? Number(text('bytes')) : undefined,
    reason: text('reason'),
    outside: octets('outside'),
    isCut: false,
    before: octets('before'),
    inside: octets('inside'),
  };
}

/** The number of the session's process, as it is asked with and told by. */
export const sessionName = (process: string): string => process.replace(/^0+(?=\d)/, '');

/** An address of IPv4 that came over a socket of IPv6 is one of IPv4. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** Where something lies on the server. As it was typed it may have doubled strokes; steps (`.`, `..`) the server has refused already. */
export function placeOf({ outside, isCut }: LogLine): Buffer | undefined {
  if (!outside) return undefined;
  return normal(isCut ? outside.subarray(0, outside.lastIndexOf('/')) : outside);
}

/** Where that lay which was renamed; undefined where the line was cut before it was said. */
export function placeBefore({ outside, before, inside }: LogLine): Buffer | undefined {
  if (!outside || !before || !inside) return undefined;
  const clean = normal(outside);
  const jail = clean.subarray(0, clean.length - normal(inside).length);
  return normal(Buffer.concat([jail, before]));
}

/** octet by octet: latin1 keeps each */
const normal = (path: Buffer) => Buffer.from(posix.resolve('/', path.toString('latin1')), 'latin1');
