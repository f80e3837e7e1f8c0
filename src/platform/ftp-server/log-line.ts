// One line of the FTP server's log: how it is written, and how it is read though a stranger may have typed what stands in it.
import { posix } from 'node:path';

/** Variables of ProFTPD's LogFormat, in the order of a line, under the names that a line read has them by. */
const parts = [
  ['time', '%{epoch}%{millisecs}'],
  ['process', '%P'],
  ['protocol', '%{protocol}'],
  ['address', '%a'],
  ['typedUser', '%U'],
  ['user', '%u'],
  ['command', '%m'],
  ['answer', '%s'],
  ['transfer', '%{transfer-status}'],
  ['bytes', '%b'],
  ['reason', '%E'],
  ['before', '%w'],
  ['inside', '%F'],
  ['outside', '%f'],
] as const;

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
  /** in the jail: of a rename the path before it */
  readonly before: Buffer | undefined;
  /** in the jail */
  readonly inside: Buffer | undefined;
  /** on the server */
  readonly outside: Buffer | undefined;
};

/** What `LogFormat` is told. The word stands at both ends: what was cut short, or has a line feed in it, lacks one of them. */
export const logFormat = (word: string): string => [word, ...parts.map(([, variable]) => variable), word].join('\t');

/** @returns undefined for what is no line of ours; `broken` for what begins or ends as one and cannot be read */
export function parseLine(bytes: Buffer, word: string): LogLine | 'broken' | undefined {
  const begins = bytes.indexOf(`${word}\t`) === 0;
  const ends = bytes.subarray(-word.length - 1).equals(Buffer.from(`\t${word}`));
  if (!begins && !ends) return undefined;
  const fields = fieldsOf(bytes);
  if (!begins || !ends || fields.length !== parts.length + 2) return 'broken';
  return lineOf(new Map(parts.map(([name], index) => [name, fields[index + 1] ?? Buffer.alloc(0)])));
}

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
    before: octets('before'),
    inside: octets('inside'),
    outside: octets('outside'),
  };
}

/** The number of the session's process, as it is asked with and told by. */
export const sessionName = (process: string): string => process.replace(/^0+(?=\d)/, '');

/** An address of IPv4 that came over a socket of IPv6 is one of IPv4. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

/**
 * Where something lies on the server. As it was typed it may have doubled strokes; steps (`.`, `..`) the server has refused already.
 * @param inside another path in the same jail, whose place on the server is wanted instead
 */
export function placeOf({ outside, inside }: LogLine, other?: Buffer): Buffer | undefined {
  if (!outside) return undefined;
  const clean = normal(outside);
  if (!other) return clean;
  if (!inside) return undefined;
  const jail = clean.toString('latin1').slice(0, clean.length - normal(inside).length);
  return normal(Buffer.from(`${jail}${other.toString('latin1')}`, 'latin1'));
}

/** octet by octet: latin1 keeps each */
const normal = (path: Buffer) => Buffer.from(posix.resolve('/', path.toString('latin1')), 'latin1');
