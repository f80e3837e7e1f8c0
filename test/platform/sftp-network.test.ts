// A second server in a network of its own (a namespace with its own sshd): the panel works there, says so when the line is down, and works again afterwards.
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SiteStorage } from '../../src/platform/storage/port.ts';
import { sftpStorage } from '../../src/platform/storage/sftp.ts';
import { draw, RemoteSites } from '../support/remote-sites.ts';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args);
const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });
/** connecting, or one answer, takes at most this long here */
const patience = { connect: 2000, answer: 2000 };
const longest = 10_000;

describe("a site's files on a second server in a network of its own", () => {
  const [namespace, near, far] = [draw('gotgan'), draw('gn'), draw('gf')];
  const net = `10.${randomInt(1, 254)}.${randomInt(1, 254)}`;
  let sites: RemoteSites | undefined;
  let storage: SiteStorage;
  let www: string;

  beforeAll(async () => {
    await ip('netns', 'add', namespace);
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', namespace);
    await ip('address', 'add', `${net}.1/24`, 'dev', near);
    await ip('link', 'set', near, 'up');
    await ip('-n', namespace, 'address', 'add', `${net}.2/24`, 'dev', far);
    await ip('-n', namespace, 'link', 'set', far, 'up');
    sites = await RemoteSites.start({ address: `${net}.2`, from: [`${net}.1`], inside: ['ip', 'netns', 'exec', namespace] });
    const { user, uid, gid, home } = await sites.user();
    www = join(home, 'www');
    await mkdir(www);
    await chown(www, uid, gid);
    storage = sftpStorage({ server: sites.connections({ patience }), user });
  });
  afterAll(async () => {
    await sites?.close();
    await ip('netns', 'delete', namespace).catch(() => {});
    await ip('link', 'delete', near).catch(() => {});
  });

  const finished = async (content: string | Buffer) => {
    const path = join(sites?.folder ?? '', 'finished');
    await writeFile(path, content);
    return path;
  };
  const refusedInTime = async (act: () => Promise<unknown>) => {
    const start = Date.now();
    await expect(act()).rejects.toEqual(refused(503));
    expect(Date.now() - start).toBeLessThan(longest);
  };

  test('files are stored there, listed, read and removed', async () => {
    await storage.put(['www', '안녕.txt'], await finished('content'), 'create');
    expect((await storage.list(['www'])).map((entry) => entry.name)).toEqual(['안녕.txt']);
    expect(await text((await storage.open(['www', '안녕.txt'])).stream)).toBe('content');
    await storage.remove(['www', '안녕.txt']);
    expect(await readdir(www)).toEqual([]);
  });

  test.each(['near', 'far'] as const)(
    'while the line is down (%s end) every act is refused in time, and when it is back all works again',
    async (end) => {
      const line = end === 'near' ? [near] : [far];
      const inside = end === 'near' ? [] : ['-n', namespace];
      await storage.put(['www', 'before'], await finished('before'), 'replace');
      await ip(...inside, 'link', 'set', ...line, 'down');
      for (const act of [
        () => storage.list(['www']),
        () => storage.open(['www', 'before']),
        async () => storage.put(['www', 'during'], await finished('during'), 'create'),
        () => storage.remove(['www', 'before']),
      ])
        await refusedInTime(act);
      await ip(...inside, 'link', 'set', ...line, 'up');
      await expect
        .poll(
          () =>
            storage
              .list(['www'])
              .then((entries) => entries.length)
              .catch((error) => error.status),
          { timeout: 30_000 },
        )
        .toBe(1);
      expect(await text((await storage.open(['www', 'before'])).stream)).toBe('before');
      expect((await readdir(www)).sort()).toEqual(['before']);
    },
  );

  test('a file whose sending was cut off by the line is not there', async () => {
    for (const name of await readdir(www)) await rm(join(www, name));
    const putting = storage.put(['www', 'large'], await finished(Buffer.alloc(300 * 1024 * 1024)), 'create');
    putting.catch(() => {});
    await expect.poll(async () => (await readdir(www)).length, { timeout: 10_000, interval: 5 }).toBe(1);
    await ip('-n', namespace, 'link', 'set', far, 'down');
    await refusedInTime(() => putting);
    await ip('-n', namespace, 'link', 'set', far, 'up');
    await expect.poll(() => storage.list(['www']).catch((error) => error.status), { timeout: 30_000 }).toEqual([]);
    await storage.put(['www', 'large'], await finished('whole'), 'create');
    expect(await text((await storage.open(['www', 'large'])).stream)).toBe('whole');
  });
});
