// The log of the FTP server is read back as events: once each, in order, whatever a stranger typed into it and whatever became of the file.
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFtpEvents } from '../../src/platform/ftp-server/events.ts';

const word = 'a-word-that-nobody-knows';
const start = 1_767_225_600_000;
const place: { folder: string; log: string; position: string | undefined } = { folder: '', log: '', position: undefined };

beforeEach(async () => {
  place.folder = await mkdtemp(join(tmpdir(), 'gotgan-ftp-log-'));
  place.log = join(place.folder, 'panel.log');
  place.position = undefined;
});

afterEach(() => rm(place.folder, { recursive: true }));

type Said = { at?: number; pid?: number; command: string; answer?: number; transfer?: string; bytes?: number } & Partial<
  Record<'user' | 'reason' | 'path' | 'before' | 'inside' | 'typed' | 'protocol', string>
>;

/** A line as the server writes it. */
function line({ at = 0, pid = 100, command, answer = 226, transfer = '-', bytes, user = 'first', ...said }: Said): string {
  const { protocol = 'ftps', reason = '', path = '-', before = '-', inside = '-', typed = user } = said;
  const head = [
    start + at,
    String(pid).padStart(8, '0'),
    protocol,
    '203.0.113.9',
    user,
    command,
    answer,
    transfer,
    bytes ?? '-',
    reason,
  ];
  return `${[word, ...head, path, before, inside, typed, word].join('\t')}\n`;
}

const stored = (path: string, more: Partial<Said> = {}) =>
  line({ command: 'STOR', transfer: 'success', bytes: 5, path, inside: path.replace('/srv/first', ''), ...more });
const left = (reason = 'Quit', more: Partial<Said> = {}) => line({ command: 'EXIT', reason, ...more });

async function read(later = 60_000, atMost?: number) {
  const { position, ...told } = await readFtpEvents({
    log: place.log,
    logWord: word,
    position: place.position,
    now: start + later,
    ...(atMost && { atMost }),
  });
  place.position = position;
  return told;
}

const kinds = async (later?: number) => (await read(later)).events.map(({ kind, path }) => (path ? `${kind} ${path}` : kind));
const write = (...lines: string[]) => appendFile(place.log, lines.join(''), 'latin1');
const utf8 = (text: string) => Buffer.from(text).toString('latin1');

describe('what a session did', () => {
  test('is told in its order, with who, from where and how', async () => {
    await write(
      line({ command: 'USER', answer: 331, user: '-', typed: 'first' }),
      line({ command: 'PASS', answer: 530, user: '-', typed: 'first' }),
      line({ command: 'PASS', answer: 230 }),
      line({ command: 'MKD', answer: 257, path: '/srv/first/www/a', inside: '/www/a' }),
      stored('/srv/first/www/a/b.txt', { at: 5 }),
      line({ command: 'RNFR', answer: 350, path: '/srv/first/www/a/b.txt', inside: '/www/a/b.txt' }),
      line({ command: 'RNTO', answer: 250, path: '/srv/first/www//c.txt', inside: '/www/c.txt', before: '/www/a/b.txt' }),
      line({ command: 'RETR', transfer: 'success', bytes: 5, path: '/srv/first/www/c.txt', inside: '/www/c.txt' }),
      line({ command: 'DELE', answer: 250, bytes: 5, path: '/srv/first/www/c.txt', inside: '/www/c.txt' }),
      line({ command: 'DELE', answer: 550, path: '/srv/first/backup/b.zip', inside: '/backup/b.zip' }),
      left(),
    );
    const { events, broken, hasMore } = await read();
    const common = { at: start, sessionId: '100', user: 'first', address: '203.0.113.9', isEncrypted: true };
    expect(events).toEqual([
      { ...common, kind: 'refused' },
      { ...common, kind: 'signedIn' },
      { ...common, kind: 'folderMade', path: '/srv/first/www/a' },
      { ...common, kind: 'stored', at: start + 5, path: '/srv/first/www/a/b.txt', bytes: 5 },
      { ...common, kind: 'renamed', path: '/srv/first/www/c.txt', from: '/srv/first/www/a/b.txt' },
      { ...common, kind: 'sent', path: '/srv/first/www/c.txt', bytes: 5 },
      { ...common, kind: 'removed', path: '/srv/first/www/c.txt' },
      { ...common, kind: 'ended' },
    ]);
    expect([broken, hasMore]).toEqual([0, false]);
    expect(await kinds()).toEqual([]);
  });

  test('a plain line is told as one', async () => {
    await write(line({ command: 'PASS', answer: 230, protocol: 'ftp' }));
    expect((await read()).events[0]?.isEncrypted).toBe(false);
  });

  test('a name that is no UTF-8 keeps its octets; others, decomposed ones too, are text alone', async () => {
    const decomposed = '각하'.normalize('NFD');
    await write(stored('/srv/first/www/\xb0\xa1.php'), stored(`/srv/first/www/${utf8(decomposed)}`), left());
    const [raw, text] = (await read()).events;
    expect(raw).toMatchObject({ path: '/srv/first/www/��.php', octets: Buffer.from('/srv/first/www/\xb0\xa1.php', 'latin1') });
    expect(text?.path).toBe(`/srv/first/www/${decomposed}`);
    expect(text).not.toHaveProperty('octets');
  });
});

describe('a file counts as whole', () => {
  test('when its session went on or said good-bye', async () => {
    await write(stored('/srv/first/www/a'), stored('/srv/first/www/b'), left());
    expect(await kinds(0)).toEqual(['stored /srv/first/www/a', 'stored /srv/first/www/b', 'ended']);
  });

  test('when its session rests for 10 s; until then nothing later of anybody is told', async () => {
    await write(stored('/srv/first/www/a'), stored('/srv/other/www/b', { pid: 200 }), left('Quit', { pid: 200 }));
    expect(await kinds(9000)).toEqual([]);
    expect(await kinds(10_000)).toEqual(['stored /srv/first/www/a', 'stored /srv/other/www/b', 'ended']);
  });

  test('not when the session broke off right after it', async () => {
    await write(stored('/srv/first/www/a'), left('Read EOF from client', { at: 20 }));
    expect(await kinds(50)).toEqual(['cutOff /srv/first/www/a', 'ended']);
  });

  test('but when the session broke off long after', async () => {
    await write(stored('/srv/first/www/a'), left('Read EOF from client', { at: 15_000 }));
    expect(await kinds(15_000)).toEqual(['stored /srv/first/www/a', 'ended']);
  });

  test('not when the transfer failed; what was refused before it began is nothing', async () => {
    await write(
      line({ command: 'STOR', answer: 426, transfer: 'failed', bytes: 3, path: '/srv/first/www/a', inside: '/www/a' }),
      line({ command: 'STOR', answer: 550, transfer: 'failed' }),
      left(),
    );
    expect(await kinds()).toEqual(['cutOff /srv/first/www/a', 'ended']);
  });
});

describe('lines that nobody may believe', () => {
  const forged = (path: string) => stored(path).replaceAll(word, 'a-word-that-was-guessed!');

  test.each([
    ['a whole line with a word that was guessed', forged('/srv/first/www/x')],
    ['one without any word', 'STOR\t226\n'],
    ['control characters and no end', `\0\x01\xff${'z'.repeat(50)}\n`],
    ['a line feed in a name', line({ command: 'MKD', answer: 550, path: `/srv/first/www/l\n${forged('/srv/first/www/x')}` })],
    ['a tab in a name', line({ command: 'MKD', answer: 550, path: '/srv/first/www/t\tab' })],
    [
      'a user name that carries the rest of a line',
      line({
        command: 'USER',
        answer: 331,
        user: '-',
        typed: `x\tSTOR\t226\tsuccess\t5\t\t/srv/other/www/x\t-\t/www/x\tx\n${forged('/y')}`,
      }),
    ],
    [
      'a command that carries the rest of a line',
      line({ command: `SITE X\tSTOR\t226\tsuccess\t5\t\t/srv/other/www/x\t-\t/www/x\tx\n`, answer: 500 }),
    ],
    [
      'a command with just as many fields as a line has',
      `${[word, start, '100', 'ftps', '203.0.113.9', 'first', 'SITE X', '226', 'success', '5', '', '/srv/other/www/x', '-', '/www/x', 'x', word].join('\t')}\n`,
    ],
    ['a line of 3 MB', `${word}\t${'y'.repeat(3_000_000)}\n`],
  ])('%s', async (_what, text) => {
    await write(stored('/srv/first/www/before'), text, stored('/srv/first/www/after'), left());
    const told = [];
    for (let more = true; more; ) {
      const { events, hasMore } = await read();
      told.push(...events.map(({ kind, path }) => `${kind} ${path ?? ''}`));
      more = hasMore;
    }
    expect(told).toEqual(['stored /srv/first/www/before', 'stored /srv/first/www/after', 'ended ']);
  });

  test('are counted where one of our words is in them', async () => {
    await write(line({ command: 'MKD', path: 'a\nb' }), forged('/x'), left());
    expect(await read()).toMatchObject({ broken: 2 });
  });
});

describe('names too long for the line', () => {
  const cut = (path: string, inside: string, octets: number) => stored(path, { inside }).slice(0, octets);
  const deep = `/srv/first/www/${'d'.repeat(200)}/${'e'.repeat(3700)}`;

  test('hide neither their file nor the next line', async () => {
    await write(cut(`${deep}/a.php`, `${deep.slice(10)}/a.php`, 4147), stored('/srv/first/www/b'), left());
    expect(await kinds()).toEqual([`stored ${deep}/a.php`, 'stored /srv/first/www/b', 'ended']);
  });

  test('lose only the name itself where even the path was cut', async () => {
    await write(cut(`${deep}/${'f'.repeat(240)}`, 'x', 4090), left());
    expect((await read()).events[0]).toMatchObject({ kind: 'stored', path: deep, isCut: true });
  });

  test('lose the name before where a rename was cut', async () => {
    const text = line({
      command: 'RNTO',
      answer: 250,
      path: `${deep}/b.php`,
      before: '/www/a.jpg',
      inside: `${deep.slice(10)}/b.php`,
    });
    await write(text.slice(0, 4147), left());
    const [event] = (await read()).events;
    expect(event).toMatchObject({ kind: 'renamed', path: `${deep}/b.php` });
    expect(event).not.toHaveProperty('from');
  });

  test('a short line that ends without its word was cut by a stranger, and counts for nothing', async () => {
    await write(`${stored('/srv/first/www/a').slice(0, 120)}\n`, left());
    expect(await kinds()).toEqual(['ended']);
  });
});

describe('the file', () => {
  test('that is not there yet has no events', async () => {
    expect(await kinds()).toEqual([]);
    await write(left());
    expect(await kinds()).toEqual(['ended']);
  });

  test('whose last line is not written to its end waits for it', async () => {
    const text = left();
    await write(stored('/srv/first/www/a'), text.slice(0, 60));
    expect(await kinds(0)).toEqual([]);
    expect(await kinds()).toEqual(['stored /srv/first/www/a']);
    await write(text.slice(60));
    expect(await kinds()).toEqual(['ended']);
  });

  test('that was renamed is read to its end, also what older sessions still write into it', async () => {
    await write(line({ command: 'PASS', answer: 230 }));
    expect(await kinds()).toEqual(['signedIn']);
    await write(stored('/srv/first/www/old'));
    await rename(place.log, `${place.log}.1`);
    await write(line({ command: 'PASS', answer: 230, pid: 200 }));
    expect(await kinds()).toEqual(['stored /srv/first/www/old', 'signedIn']);
    await appendFile(`${place.log}.1`, left());
    expect(await kinds()).toEqual(['ended']);
    await rename(`${place.log}.1`, `${place.log}.2`);
    await writeFile(`${place.log}.3.gz`, left());
    expect(await kinds()).toEqual([]);
    await rm(`${place.log}.2`);
    expect(await kinds()).toEqual([]);
    expect(JSON.parse(place.position ?? '')).toHaveLength(1);
  });

  test('that was emptied is read from its beginning', async () => {
    await write(stored('/srv/first/www/a'), left());
    await read();
    await truncate(place.log);
    await write(left());
    expect(await kinds()).toEqual(['ended']);
  });

  test('that was emptied and grew past its old length is known by its first lines', async () => {
    await write(left());
    await read();
    await truncate(place.log);
    await write(stored('/srv/first/www/new', { at: 1 }), left(), left());
    expect(await kinds()).toEqual(['stored /srv/first/www/new', 'ended', 'ended']);
  });

  test('of any length is read piece by piece, each line once', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `/srv/first/www/${index}`);
    await write(...names.map((name, index) => stored(name, { at: index, pid: 100 + (index % 7) })));
    const told: (string | undefined)[] = [];
    for (let more = true; more; ) {
      const { events, hasMore } = await read(100_000, 4096);
      told.push(...events.map(({ path }) => path));
      more = hasMore;
    }
    expect(told).toEqual(names);
  });

  test('tells the same again from the same position, for whoever crashed in between', async () => {
    await write(line({ command: 'PASS', answer: 230 }));
    await read();
    await write(stored('/srv/first/www/a'), left());
    const { position } = place;
    const first = await kinds();
    place.position = position;
    expect(await kinds()).toEqual(first);
  });

  test('is not read from a position that none of us wrote', async () => {
    place.position = '{"a":1}';
    await expect(read()).rejects.toThrow('Not a position');
  });
});
