// A real ProFTPD with our configuration, our answers and our reading of its log, attacked and used by real clients.
import { chmod, chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Client } from 'basic-ftp';
import { expect, test } from 'vitest';
import { startFtpServer } from '../support/proftpd.ts';

test('a file goes up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-sites-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'first/www'), { recursive: true });
  await mkdir(join(folder, 'first/backup'), { recursive: true });
  await chown(join(folder, 'first/www'), 4321, 33);
  await chmod(join(folder, 'first/www'), 0o2750);
  const server = await startFtpServer({
    sitesFolder: folder,
    answer: async ({ password }) =>
      password === 'right' ? { userId: 4321, groupId: 33, folder: join(folder, 'first') } : undefined,
  });
  try {
    const client = new Client(10_000);
    await client.access({
      host: server.host,
      port: server.port,
      user: 'first',
      password: 'right',
      secure: true,
      secureOptions: { ca: server.certificate },
    });
    await client.uploadFrom(Readable.from(['x']), 'www/a.txt');
    client.close();
    const events = await server.eventsUntil(({ kind }) => kind === 'ended');
    console.log(events, server.pid);
    expect(await readFile(join(folder, 'first/www/a.txt'), 'utf8')).toBe('x');
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});
