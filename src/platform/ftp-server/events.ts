// Tells what the FTP server wrote into its log, from where one stopped (docs/decisions/0015).
import { systemClock } from '../clock.ts';
import { type FileLine, type LogFile, openLogs, positionOf, readLines } from './log-files.ts';
import { beginningsIn, type LogLine, parseLine, placeBefore, placeOf } from './log-line.ts';
import type { FtpEvent, FtpEventKind, LogPlace } from './port.ts';

export type FtpLog = {
  /** the file as the configuration names it; renamed ones beside it (`<log>.1`, `<log>-20260102`) are read to their end too */
  readonly log: string;
  readonly logWord: string;
  /** where it lies; default this machine */
  readonly place?: LogPlace | undefined;
  /** what the last call gave; left out, everything that is still there is told */
  readonly position?: string | undefined;
  /** epoch milliseconds of the server's own clock, with which the log was written; default the system's */
  readonly now?: number;
  /** octets read of each file in one call. Default 1 MiB */
  readonly atMost?: number;
};

export type FtpRead = {
  /** those of each session in the order of what it did */
  readonly events: readonly FtpEvent[];
  /** to be kept together with the effects of these events, and given the next time */
  readonly position: string;
  /** there is more, to be read at once */
  readonly hasMore: boolean;
  /** lines with one of our words that cannot be read: somebody tried to forge them, or a name was too long for the server's line */
  readonly broken: number;
};

/**
 * How long (milliseconds) an upload waits for a sign of life of its session. A client that dies closes both of its lines at once, and the
 * server ends its session in the same moment: one that is still there after this only rests.
 */
const signOfLife = 10_000;

type Read = { readonly line: LogLine | 'broken' | undefined; readonly next: number };

/**
 * Tells what happened since `position`. Only lines between two of the log's words count: whatever a client types stands between them, and
 * it does not know the word. An upload is `stored` when it came to its end *and* its session went on, said good-bye, or rests; else
 * `cutOff`. Until that is known, nothing later is told. Read again from the same position it tells the same: nothing is lost by a crash.
 * @throws Error for a position that is none, or a log that cannot be read; a log that is not there yet has no events
 */
export async function readFtpEvents({
  log,
  logWord,
  place,
  position,
  now = systemClock.now(),
  atMost = 2 ** 20,
}: FtpLog): Promise<FtpRead> {
  const files = await openLogs(log, position, place);
  try {
    const told = [];
    for (const file of files) told.push(await tellFile(file, { logWord, now, atMost }));
    return {
      events: told.flatMap(({ events }) => events),
      position: await positionOf(told.map(({ file }) => file)),
      hasMore: told.some(({ hasMore }) => hasMore),
      broken: told.reduce((sum, { broken }) => sum + broken, 0),
    };
  } finally {
    await Promise.all(files.map(({ opened }) => opened.close()));
  }
}

async function tellFile(file: LogFile, { logWord, now, atMost }: { logWord: string; now: number; atMost: number }) {
  const { lines, hasMore } = await readLines(file, atMost);
  const reads = lines.flatMap((line) => readsOf(line, logWord));
  const following = followers(reads);
  const lastTime = hasMore ? timeOfLast(reads) : now;
  const events: FtpEvent[] = [];
  let broken = 0;
  let offset = file.offset;
  for (const [index, { line, next }] of reads.entries()) {
    if (line === 'broken') broken += 1;
    if (typeof line === 'object') {
      const rests = Math.abs(lastTime - line.at) >= signOfLife || (hasMore && index === 0);
      const kind = kindOf(line, following.get(index), rests);
      if (kind === 'unknown') return { events, broken, hasMore: hasMore && index > 0, file: { ...file, offset } };
      if (kind) events.push(eventOf(kind, line));
    }
    offset = next;
  }
  return { events, broken, hasMore, file: { ...file, offset } };
}

/** Mostly one line; where the server cut one, the next stands in the same. */
function readsOf({ bytes, next }: FileLine, word: string): Read[] {
  const beginnings = beginningsIn(bytes, word);
  if (beginnings[0] !== 0) beginnings.unshift(0);
  return beginnings.map((beginning, index) => {
    const end = beginnings[index + 1];
    return {
      line: parseLine(bytes.subarray(beginning, end), word),
      next: end === undefined ? next : next - 1 - bytes.length + end,
    };
  });
}

/** @returns by the index of a line the next one of the same session */
function followers(reads: readonly Read[]): Map<number, LogLine> {
  const following = new Map<number, LogLine>();
  const latest = new Map<string, LogLine>();
  for (let index = reads.length - 1; index >= 0; index -= 1) {
    const line = reads[index]?.line;
    if (typeof line !== 'object') continue;
    const next = latest.get(line.sessionId);
    if (next) following.set(index, next);
    latest.set(line.sessionId, line);
  }
  return following;
}

const timeOfLast = (reads: readonly Read[]): number =>
  reads.reduce((last, { line }) => (typeof line === 'object' ? Math.max(last, line.at) : last), 0);

function kindOf(line: LogLine, next: LogLine | undefined, rests: boolean): FtpEventKind | 'unknown' | undefined {
  const { command, answer } = line;
  const isDone = answer >= 200 && answer < 300;
  if (command === 'PASS' && answer === 230) return 'signedIn';
  if (isRefusal(line)) return line.user === '' ? undefined : 'refused';
  if (command === 'STOR') return line.isTransferred && isDone ? fateOf(line, next, rests) : brokenOff(line);
  if (command === 'RETR' && line.isTransferred && isDone) return 'sent';
  if (/^(DELE|X?RMD)$/.test(command) && isDone) return 'removed';
  if (/^X?MKD$/.test(command) && isDone) return 'folderMade';
  if (command === 'RNTO' && isDone) return 'renamed';
  return command === 'EXIT' && line.user !== '' ? 'ended' : undefined;
}

/** A wrong password, or no room for one more; not what somebody types who is in already. */
const isRefusal = ({ command, answer, isSignedIn }: LogLine) =>
  (command === 'PASS' && (answer === 530 || answer === 421)) || (command === 'USER' && !isSignedIn && answer >= 400);

function fateOf(upload: LogLine, next: LogLine | undefined, rests: boolean): FtpEventKind | 'unknown' {
  if (!next) return rests ? 'stored' : 'unknown';
  const isEnd = next.command === 'EXIT' && next.reason !== 'Quit';
  return isEnd && next.at - upload.at < signOfLife ? 'cutOff' : 'stored';
}

/** What was refused before it began has no octets, and nothing to tell. */
const brokenOff = ({ bytes, outside }: LogLine) => (bytes !== undefined && outside ? 'cutOff' : undefined);

function eventOf(kind: FtpEventKind, line: LogLine): FtpEvent {
  const { at, sessionId, user, address, isEncrypted, bytes, isCut } = line;
  const path = isAboutFile(kind) ? placeOf(line) : undefined;
  const from = kind === 'renamed' ? placeBefore(line) : undefined;
  return {
    ...{ kind, at, sessionId, user, address, isEncrypted },
    ...(path && { path: path.toString('utf8') }),
    ...(path && !isText(path) && { octets: path }),
    ...(path && isCut && { isCut }),
    ...(from && { from: from.toString('utf8') }),
    ...(bytes !== undefined && (kind === 'stored' || kind === 'cutOff' || kind === 'sent') && { bytes }),
  };
}

const isAboutFile = (kind: FtpEventKind) => kind !== 'signedIn' && kind !== 'refused' && kind !== 'ended';

const isText = (bytes: Buffer) => Buffer.from(bytes.toString('utf8')).equals(bytes);
