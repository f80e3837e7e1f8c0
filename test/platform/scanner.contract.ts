// The promise of a virus scanner, on the one that is built in, and on a real clamd with a signature of our own.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clamd, clamdOptions } from '../../src/platform/scanner/clamd.ts';
import { noScanner } from '../../src/platform/scanner/none.ts';
import { isScannerUrl, newScanner } from '../../src/platform/scanner/scanner.ts';
import { type Clamd, marker, markerSignature, startClamd } from '../support/clamd.ts';

const run = promisify(execFile);
const silent = { name: 'PanelError', status: 503, key: 'error.scanner' };

let folder: string;
const file = async (name: string, body: string | Buffer) => {
  const path = join(folder, name);
  await writeFile(path, body);
  return path;
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-scan-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('without a scanner a file is clean as far as we know, and the panel can tell that nobody looked', async () => {
  const scanner = noScanner();
  expect(scanner.present).toBe(false);
  await scanner.check();
  expect(await scanner.scan(await file('file.txt', 'hello'))).toEqual({ clean: true });
});

describe('clamd', () => {
  let daemon: Clamd;
  beforeAll(async () => {
    daemon = await startClamd(['StreamMaxLength 8M']);
  });
  afterAll(() => daemon.stop());

  for (const way of ['its socket', 'TCP'] as const) {
    const scanner = () => newScanner(way === 'TCP' ? `clamd://127.0.0.1:${daemon.port}` : `clamd:${daemon.socket}?seconds=60`);

    test(`a clean file, an empty one and one that carries a known pattern, by ${way}`, async () => {
      expect(scanner().present).toBe(true);
      await scanner().check();
      expect(await scanner().scan(await file('clean.txt', 'hello'))).toEqual({ clean: true });
      expect(await scanner().scan(await file('empty.txt', ''))).toEqual({ clean: true });
      const found = { clean: false, signature: markerSignature };
      expect(await scanner().scan(await file('bad.txt', `some words ${marker} and more`))).toEqual(found);
      // Far behind the first piece that is sent, and across the seam of two.
      const seam = Buffer.concat([randomBytes(256 * 1024 * 3 - 10), Buffer.from(marker), randomBytes(1000)]);
      expect(await scanner().scan(await file('bad.bin', seam))).toEqual(found);
    });

    test(`a pattern inside an archive, and in an archive inside an archive, by ${way}`, async () => {
      await file('bad.txt', `some words ${marker} and more`);
      await run('7z', ['a', '-bso0', 'inner.zip', 'bad.txt'], { cwd: folder });
      await run('7z', ['a', '-bso0', 'outer.zip', 'inner.zip'], { cwd: folder });
      await run('tar', ['czf', 'outer.tar.gz', 'inner.zip'], { cwd: folder });
      for (const name of ['inner.zip', 'outer.zip', 'outer.tar.gz'])
        expect(await scanner().scan(join(folder, name))).toEqual({ clean: false, signature: markerSignature });
    });

    test(`a file that clamd takes no more of is no clean one, by ${way}`, async () => {
      const path = await file('large.bin', '');
      const large = await open(path, 'w');
      await large.truncate(64 * 1024 * 1024);
      await large.close();
      // clamd hangs up with its answer: now and then (one in hundreds) only that is heard, which is no permission either.
      const heard = () =>
        scanner()
          .scan(path)
          .catch((error) => ({ status: error.status }));
      const results = [await heard(), await heard(), await heard()];
      expect(results).toContainEqual({ clean: false, tooLarge: true });
      expect(results).not.toContainEqual({ clean: true });
    });
  }

  test('many files at once each get their own answer', async () => {
    const scanner = clamd({ place: { path: daemon.socket }, seconds: 60 });
    const paths = await Promise.all(
      Array.from({ length: 20 }, (_, at) => file(`many-${at}.txt`, at % 3 === 0 ? marker : `clean ${at}`)),
    );
    const results = await Promise.all(paths.map((path) => scanner.scan(path)));
    expect(results.map(({ clean }) => clean)).toEqual(paths.map((_, at) => at % 3 !== 0));
  });

  test('a file that is not there is storage that does not answer, and no clean file', async () => {
    const scanner = clamd({ place: { path: daemon.socket }, seconds: 60 });
    await expect(scanner.scan(join(folder, 'gone'))).rejects.toMatchObject({ status: 503, key: 'error.storage' });
  });
});

describe('a scanner that does not do its part is no permission', () => {
  const answering = async (answer: (said: Buffer) => string | undefined | 'hang'): Promise<{ server: Server; url: string }> => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (said) => {
        const says = answer(said);
        if (says === undefined) socket.destroy();
        else if (says !== 'hang') socket.end(says);
      });
    }).listen(join(folder, `fake-${randomBytes(4).toString('hex')}`));
    await once(server, 'listening');
    return { server, url: `clamd:${server.address()}?seconds=1` };
  };

  for (const [name, answer] of [
    ['says nothing in time', 'hang'],
    ['dies in the middle of the stream', undefined],
    ['breaks off within its answer', 'stream: O'],
    ['could not look', "stream: Can't allocate memory ERROR\0"],
    ['says what nobody knows', 'perhaps\0'],
    ['says that another thing is clean', 'other: OK\0'],
    ['never ends its answer', 'x'.repeat(10_000)],
  ] as const)
    test(`one that ${name}`, async () => {
      const { server, url } = await answering(() => answer);
      const scanner = newScanner(url);
      await expect(scanner.scan(await file('large.txt', Buffer.alloc(4_000_000, 'a')))).rejects.toMatchObject(silent);
      await expect(scanner.check()).rejects.toMatchObject(silent);
      server.close();
    });

  test('one that is not there', async () => {
    const scanner = newScanner(`clamd:${join(folder, 'nobody')}`);
    await expect(scanner.scan(await file('file.txt', 'hello'))).rejects.toMatchObject(silent);
    await expect(scanner.check()).rejects.toMatchObject(silent);
  });
});

test('addresses of clamd: a socket or a host, and nothing that would be misunderstood', () => {
  expect(clamdOptions('clamd:/run/clamav/clamd.ctl')).toEqual({ place: { path: '/run/clamav/clamd.ctl' }, seconds: 300 });
  expect(clamdOptions('clamd:///run/clamav/clamd.ctl?seconds=20')).toEqual({
    place: { path: '/run/clamav/clamd.ctl' },
    seconds: 20,
  });
  expect(clamdOptions('clamd://scan.internal')).toEqual({ place: { host: 'scan.internal', port: 3310 }, seconds: 300 });
  expect(clamdOptions('clamd://[::1]:3311')).toEqual({ place: { host: '::1', port: 3311 }, seconds: 300 });
  for (const url of [
    'none:',
    'clamd:',
    'clamd://h/x',
    'clamd:/x?seconds=0',
    'clamd:/x?seconds=x',
    'clamd:/x?second=1',
    'tcp://h',
  ])
    expect(clamdOptions(url)).toBeUndefined();
  expect(['none:', 'clamd:/x', 'none', 'clamav:/x'].map(isScannerUrl)).toEqual([true, true, false, false]);
});
