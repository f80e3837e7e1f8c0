// What the SFTP adapter promises beyond the port: a server that hangs or vanishes, one that lies, names in EUC-KR, many files, and the jail as it is printed.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import sharp from 'sharp';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Previews } from '../../src/files/previews.ts';
import { newId } from '../../src/platform/ids.ts';
import { fingerprintOf } from '../../src/platform/ssh/connection.ts';
import type { SftpSession } from '../../src/platform/ssh/port.ts';
import { SshServer } from '../../src/platform/ssh/server.ts';
import { packet, packetType } from '../../src/platform/ssh/sftp-packets.ts';
import { datedTemporaryName, temporaryName } from '../../src/platform/storage/names.ts';
import { sftpStorage } from '../../src/platform/storage/sftp.ts';
import { draw, freePort, RemoteSites } from '../support/remote-sites.ts';
import { swapping } from '../support/swapping.ts';

const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });
const run = promisify(execFile);

describe("a site's files on a server that fails", () => {
  let sites: RemoteSites;
  beforeAll(async () => {
    sites = await RemoteSites.start();
  });
  afterAll(() => sites.close());

  async function site() {
    const { user, uid, gid, home } = await sites.user();
    const www = join(home, 'www');
    await mkdir(www);
    await chown(www, uid, gid);
    const storage = sftpStorage({ server: sites.connections({ patience: { answer: 1500, connect: 5000 } }), user });
    return { user, uid, gid, home, www, storage };
  }
  const finished = async (bytes: number) => {
    const path = join(sites.folder, draw('finished-'));
    await writeFile(path, Buffer.alloc(bytes, 7));
    return path;
  };

  test('a server that hangs is one that does not answer, in time, and afterwards it is asked anew', async () => {
    const { user, www, storage } = await site();
    await writeFile(join(www, 'a'), 'x');
    expect(await storage.list(['www'])).toHaveLength(1);
    await sites.signal(user, 'SIGSTOP');
    const start = Date.now();
    await Promise.all([
      expect(storage.list(['www'])).rejects.toEqual(refused(503)),
      expect(storage.open(['www', 'a'])).rejects.toEqual(refused(503)),
    ]);
    expect(Date.now() - start).toBeLessThan(10_000);
    await expect(storage.list(['www'])).resolves.toHaveLength(1);
    await sites.signal(user, 'SIGCONT');
  });

  test.each(['SIGSTOP', 'SIGKILL'] as const)(
    'a file whose sending is cut off (%s) is not there, and the old one stays',
    async (signal) => {
      const { user, www, storage } = await site();
      await writeFile(join(www, 'old'), 'old');
      const bytes = 300 * 1024 * 1024;
      for (const [name, mode] of [
        ['old', 'replace'],
        ['new', 'create'],
      ] as const) {
        const from = await finished(bytes);
        const putting = storage.put(['www', name], from, mode);
        putting.catch(() => {});
        const isUnderWay = async () => (await readdir(www)).some((each) => each.startsWith('.gotgan-'));
        await expect.poll(isUnderWay, { timeout: 10_000, interval: 5 }).toBe(true);
        await sites.signal(user, signal);
        await expect(putting).rejects.toEqual(refused(503));
        expect((await lstat(from)).size).toBe(bytes);
        await rm(from);
        // what was sent is cleared away by another connection, while the one that hangs still hangs
        await expect.poll(() => readdir(www), { timeout: 10_000 }).toEqual(['old']);
      }
      expect((await storage.list(['www'])).map((entry) => entry.name)).toEqual(['old']);
      expect(await text((await storage.open(['www', 'old'])).stream)).toBe('old');
    },
  );

  test('a stream whose server vanishes breaks off with an error, never with an end', async () => {
    const { user, uid, gid, www, storage } = await site();
    await writeFile(join(www, 'large'), Buffer.alloc(64 * 1024 * 1024));
    await chown(join(www, 'large'), uid, gid);
    const { stream } = await storage.open(['www', 'large']);
    stream.once('data', () => void sites.signal(user, 'SIGKILL'));
    await expect(text(stream)).rejects.toEqual(refused(503));
  });

  test('a picture has its preview over SFTP too, and none when the server vanishes in the middle of it', async () => {
    const { user, uid, gid, www, storage } = await site();
    const noise = { type: 'gaussian', mean: 120, sigma: 40 } as const;
    const picture = await sharp({ create: { width: 1500, height: 1000, channels: 3, background: '#3a6', noise } })
      .png()
      .toBuffer();
    await writeFile(join(www, 'picture.png'), picture);
    await chown(join(www, 'picture.png'), uid, gid);
    const previews = new Previews();
    const ask = async () =>
      previews.make('customer', (await storage.open(['www', 'picture.png'])).stream, new AbortController().signal);
    expect(await sharp(await ask()).metadata()).toMatchObject({ format: 'webp', width: 320 });
    const { stream } = await storage.open(['www', 'picture.png']);
    stream.once('readable', () => void sites.signal(user, 'SIGKILL'));
    await expect(previews.make('customer', stream, new AbortController().signal)).rejects.toEqual(refused(404));
  });

  test('what writers that died left behind is cleared away after a day, and nothing else', async () => {
    const { uid, gid, www, storage } = await site();
    const old = new Date(Date.now() - 25 * 3600 * 1000);
    // By our clock, whatever the server's says, or the customer's program that sets times: begun long ago, begun now with old content.
    const [begun, young] = [datedTemporaryName(old.getTime()), datedTemporaryName(Date.now())];
    const held = temporaryName(newId(old.getTime()));
    for (const name of [begun, young, held, 'kept', '.gotgan-of-the-customer']) {
      await writeFile(join(www, name), 'x');
      await chown(join(www, name), uid, gid);
      if (name !== begun) await utimes(join(www, name), old, old);
    }
    expect(await storage.list(['www'])).toHaveLength(2);
    // What is being taken out has an id of somebody who comes back for it.
    expect((await readdir(www)).sort()).toEqual([young, held, 'kept', '.gotgan-of-the-customer'].sort());
  });

  test('an old file that is being taken out is cleared away by nobody who lists, and is whole', async () => {
    const { user, uid, gid, www, storage } = await site();
    const bytes = 40 * 1024 * 1024;
    await writeFile(join(www, 'old'), Buffer.alloc(bytes, 7));
    await chown(join(www, 'old'), uid, gid);
    const old = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(join(www, 'old'), old, old);
    const { stamp } = await storage.stat(['www', 'old']);
    const into = join(sites.folder, newId(Date.now()));
    // The line breaks while it is listed and copied: it goes back under its name, over another line.
    const cut = storage.take(['www', 'old'], stamp, into);
    cut.catch(() => {});
    await expect.poll(async () => (await readdir(www))[0]?.startsWith('.gotgan-'), { interval: 5, timeout: 10_000 }).toBe(true);
    expect(await sftpStorage({ server: sites.connections(), user }).list(['www'])).toEqual([]);
    expect((await readdir(www))[0]).toMatch(/^\.gotgan-/);
    await sites.signal(user, 'SIGKILL');
    await expect(cut).rejects.toEqual(refused(503));
    expect([await readdir(www), await lstat(into).catch(() => 'none')]).toEqual([['old'], 'none']);

    const taking = storage.take(['www', 'old'], stamp, into);
    await sftpStorage({ server: sites.connections(), user }).list(['www']);
    await taking;
    expect([await readdir(www), (await lstat(into)).size]).toEqual([[], bytes]);
  });

  /** The site's own server, each of whose answers may be another one; `opened` are the handles that nobody has given back. */
  function amid(user: string, other: Partial<Record<keyof SftpSession, () => Promise<never>>>) {
    const opened = new Set<string>();
    const server = sites.connections();
    const lease = async () => {
      const { session, release } = await server.lease(user);
      const between = new Proxy(session, {
        get: (own, name: keyof SftpSession) => {
          const act = own[name];
          if (other[name]) return other[name];
          if (typeof act !== 'function') return act;
          return async (...args: never[]) => {
            const result: unknown = await (act as (...all: never[]) => Promise<unknown>).apply(own, args);
            if (name === 'open' || name === 'openFolder') opened.add(String(result));
            if (name === 'close') opened.delete(String(args[0]));
            return result;
          };
        },
      });
      return { session: between, release };
    };
    return { storage: sftpStorage({ server: { lease }, user }), opened };
  }
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

  test('what somebody else has cleared away by the time a copy of it is whole counts as taken out', async () => {
    const { user, uid, gid, www } = await site();
    await writeFile(join(www, 'a'), 'content');
    await chown(join(www, 'a'), uid, gid);
    const { storage } = amid(user, { remove: failing('ENOENT') });
    const into = join(sites.folder, newId(Date.now()));
    await storage.take(['www', 'a'], (await storage.stat(['www', 'a'])).stamp, into);
    expect(await readFile(into, 'utf8')).toBe('content');
  });

  test('no file stays open on the server when something fails after it was opened', async () => {
    const { user, uid, gid, www, storage: whole } = await site();
    await writeFile(join(www, 'a'), 'content');
    await chown(join(www, 'a'), uid, gid);
    const { stamp } = await whole.stat(['www', 'a']);
    const { storage, opened } = amid(user, { fstat: failing('EFAIL'), read: failing('EFAIL') });
    await expect(storage.open(['www', 'a'])).rejects.toThrow();
    await expect(storage.reader().open(['www', 'a'])).rejects.toThrow();
    await expect(storage.take(['www', 'a'], stamp, join(sites.folder, newId(Date.now())))).rejects.toThrow();
    await expect(storage.take(['www', 'a'], stamp, join(sites.folder, 'no-such-folder', newId(Date.now())))).rejects.toThrow();
    await expect.poll(() => opened.size).toBe(0);
    expect(await readdir(www)).toEqual(['a']);
  });

  test('names in EUC-KR and decomposed names are listed, read, replaced, moved and removed', async () => {
    const { uid, gid, www, storage } = await site();
    const korean = Buffer.from([0xbb, 0xe7, 0xc1, 0xf8, 0x2e, 0x6a, 0x70, 0x67]); // 사진.jpg in EUC-KR
    const stored = Buffer.concat([Buffer.from(`${www}/`), korean]);
    await writeFile(stored, 'euc');
    await mkdir(join(www, '폴더'.normalize('NFD')));
    await chown(join(www, '폴더'.normalize('NFD')), uid, gid);
    expect((await storage.list(['www'])).map((entry) => entry.name).sort()).toEqual(['사진.jpg', '폴더']);
    expect(await text((await storage.open(['www', '사진.jpg'])).stream)).toBe('euc');
    await storage.put(['www', '사진.jpg'], await finished(5), 'replace');
    expect((await lstat(stored)).size).toBe(5);
    await storage.put(['www', '폴더', '안.txt'], await finished(6), 'create');
    await storage.move(['www', '사진.jpg'], ['www', '폴더', '옮김.jpg']);
    expect((await storage.list(['www', '폴더'])).map((entry) => entry.name).sort()).toEqual(['안.txt', '옮김.jpg']);
    await storage.remove(['www', '폴더']);
    expect(await readdir(www)).toEqual([]);
  });

  test('a tree that is deeper than a path can be cannot be removed, which is said, and what lies beside it stays', async () => {
    const { user, www, storage } = await site();
    await writeFile(join(www, 'beside'), 'x');
    const name = 'd'.repeat(250);
    const deep = `cd "$0" && for i in $(seq 20); do mkdir ${name} && cd -P ${name} || exit 1; done`;
    await run('setpriv', ['--reuid', user, '--clear-groups', 'sh', '-c', deep, www]);
    try {
      await expect(storage.remove(['www', name])).rejects.toEqual(refused(409));
      expect((await storage.list(['www'])).map((entry) => entry.name).sort()).toEqual(['beside', name]);
    } finally {
      await run('rm', ['-rf', join(www, name)]);
    }
  });

  test('while a program of the customer swaps a folder for links that lead out, nothing outside is read, written, taken out or removed', async () => {
    const { uid, gid, home, www, storage } = await site();
    const other = await sites.user();
    const outside = join(other.home, 'www');
    await mkdir(outside);
    // As open to everybody as a careless customer can make it: no right of the system keeps the panel out.
    await chmod(outside, 0o777);
    const backup = join(home, 'backup');
    await mkdir(backup);
    for (const folder of [outside, backup]) {
      for (const name of ['file', 'keep']) await writeFile(join(folder, name), 'secret', { mode: 0o666 });
    }
    const d = join(www, 'd');
    await mkdir(d);
    await writeFile(join(d, 'file'), 'mine');
    for (const path of [d, join(d, 'file')]) await chown(path, uid, gid);
    const readerOf = storage.reader();
    const met = { inside: 0, refused: 0 };
    const attempt = async (act: () => Promise<unknown>) => {
      try {
        await act();
        met.inside++;
      } catch (error) {
        expect(error).toEqual(expect.objectContaining({ name: 'PanelError' }));
        met.refused++;
      }
    };
    const within = async (name: string) => text((await storage.open(['www', 'd', name])).stream);
    const pieces = async (name: string) => {
      const file = await readerOf.open(['www', 'd', name]);
      const into = Buffer.alloc(16);
      return into.toString('utf8', 0, await file.read(into, 0).finally(() => file.close()));
    };
    const targets = [outside, '/backup', '../../../sites/../etc', `../../${other.user}/www`];
    const swaps = await swapping({ folder: d, away: join(www, 'away'), targets });
    const seen = new Set<string>();
    try {
      for (const end = Date.now() + 3000; Date.now() < end; ) {
        const { stamp } = await storage.stat(['www', 'd', 'file']).catch(() => ({ stamp: 'none' }));
        await attempt(async () => seen.add(await within('file')));
        await attempt(async () => seen.add(await pieces('file')));
        await attempt(() => within('keep'));
        await attempt(async () => expect((await storage.list(['www', 'd'])).map(({ name }) => name)).not.toContain('hosts'));
        await attempt(async () => storage.put(['www', 'd', 'keep'], await finished(4), 'replace'));
        await attempt(async () => storage.put(['www', 'd', 'new', 'x'], await finished(4), 'create'));
        await attempt(() => storage.makeLink(['www', 'd', 'link'], '/etc/passwd'));
        await attempt(() => storage.setDetails(['www', 'd', 'keep'], { mode: 0o604, modifiedAt: 0 }));
        await attempt(() => storage.move(['www', 'd', 'keep'], ['www', 'stolen']));
        await attempt(() => storage.take(['www', 'd', 'file'], stamp, join(sites.folder, newId(Date.now()))));
        await attempt(() => storage.remove(['www', 'd', 'new']));
        await attempt(() => storage.remove(['www', 'd', 'keep']));
        // Whatever went through, the site's own file is there again for the next round.
        await attempt(async () => storage.put(['www', 'd', 'file'], await finished(4), 'replace'));
      }
    } finally {
      await swaps.stop();
      await readerOf.close();
    }
    expect(met.inside).toBeGreaterThan(10);
    expect(met.refused).toBeGreaterThan(10);
    expect([...seen].filter((content) => content === 'secret')).toEqual([]);
    for (const folder of [outside, backup]) {
      expect((await readdir(folder)).sort()).toEqual(['file', 'keep']);
      for (const name of ['file', 'keep']) {
        expect(await readFile(join(folder, name), 'utf8')).toBe('secret');
        expect((await lstat(join(folder, name))).mode & 0o777).toBe(0o644);
      }
    }
    // While the folder stood there its own file may have been moved; nothing of what lies outside was.
    const moved = await readFile(join(www, 'stolen'), 'utf8').catch(() => '');
    expect(moved).not.toBe('secret');
  });

  test('three thousand files of one folder are all listed and all read', async () => {
    const { www, storage } = await site();
    await mkdir(join(www, 'many'));
    const names = Array.from({ length: 3000 }, (_, index) => `${index}-파일`);
    for (const name of names) await writeFile(join(www, 'many', name), name);
    expect((await storage.list(['www', 'many'])).map((entry) => entry.name).sort()).toEqual([...names].sort());
    const reader = storage.reader();
    const into = Buffer.alloc(64);
    for (let start = 0; start < names.length; start += 100) {
      const contents = await Promise.all(
        names.slice(start, start + 100).map(async (name) => {
          const [file, own] = [await reader.open(['www', 'many', name]), Buffer.from(into)];
          const bytes = await file.read(own, 0);
          await file.close();
          return own.toString('utf8', 0, bytes);
        }),
      );
      expect(contents).toEqual(names.slice(start, start + 100));
    }
    await reader.close();
  });

  test('a file is read at any place and in pieces of any size', async () => {
    const { www, storage } = await site();
    const content = Buffer.from(Array.from({ length: 1_000_003 }, (_, index) => (index * 7919) % 251));
    await writeFile(join(www, 'bytes'), content);
    const [reader] = [storage.reader()];
    const file = await reader.open(['www', 'bytes']);
    for (const [position, length] of [
      [0, 10],
      [10, 300_000],
      [300_010, 700_000],
      [999_990, 100],
      [5, 5],
      [1_000_003, 10],
      [2_000_000, 10],
    ] as const) {
      const into = Buffer.alloc(length);
      const read = await file.read(into, position);
      expect([position, read]).toEqual([position, Math.max(0, Math.min(length, content.length - position))]);
      expect(into.subarray(0, read).equals(content.subarray(position, position + read))).toBe(true);
    }
    await file.close();
    await reader.close();
  });
});

describe('the sshd configuration that is printed', () => {
  let sites: RemoteSites;
  let user: string;
  let home: string;
  beforeAll(async () => {
    sites = await RemoteSites.start();
    const made = await sites.user();
    ({ user, home } = made);
    await mkdir(join(home, 'www'));
    await chown(join(home, 'www'), made.uid, made.gid);
    await mkdir(join(home, 'backup'));
    await writeFile(join(home, 'backup/archive.zip'), 'archive', { mode: 0o644 });
    // what the customer's own programs could write
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(sites.folder, 'own')]);
    await mkdir(join(home, 'www/.ssh'));
  });
  afterAll(() => sites.close());

  const options = (key: string) => [
    ...['-i', join(sites.folder, key), '-p', String(sites.port), '-F', 'none', '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=5'],
  ];
  const ssh = (args: string[], key = 'panel') =>
    spawnSync('ssh', [...options(key), ...args, `${user}@127.0.0.1`, 'id; echo shell'], {
      encoding: 'utf8',
      input: '',
      timeout: 10_000,
    });

  test('gives no shell, no program and no terminal', () => {
    for (const args of [[], ['-t'], ['-tt']]) {
      const { stdout, stderr } = ssh(args);
      expect(`${stdout}${stderr}`).not.toMatch(/uid=|shell/);
    }
  });

  test('forwards nothing, in no direction', async () => {
    const port = await freePort();
    const client = spawn(
      'ssh',
      ['-o', 'LogLevel=VERBOSE', ...options('panel'), '-N', '-L', `${port}:127.0.0.1:${sites.port}`, `${user}@127.0.0.1`],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    try {
      const said: string[] = [];
      client.stderr.on('data', (chunk) => said.push(String(chunk)));
      const greeting = () => spawnSync('ssh-keyscan', ['-T', '1', '-p', String(port), '127.0.0.1'], { encoding: 'utf8' }).stdout;
      await expect
        .poll(() => (greeting() === '' ? said.join('') : 'forwarded'), { timeout: 10_000 })
        .toMatch(/prohibited|forwarded/);
      expect(greeting()).toBe('');
    } finally {
      client.kill();
    }
    const remote = ssh(['-o', 'ExitOnForwardFailure=yes', '-R', `${await freePort()}:127.0.0.1:22`]);
    expect(remote.stderr).toMatch(/remote port forwarding failed/);
  });

  test('lets in the panel with its key, and nobody with another key or a password', () => {
    for (const key of ['other', 'own']) {
      const { status, stderr } = ssh([], key);
      expect([key, status]).toEqual([key, 255]);
      expect(stderr).toContain('Permission denied (publickey)');
    }
  });

  test('shows the site and nothing above it, and the backups cannot be touched', async () => {
    const storage = sftpStorage({ server: sites.connections(), user });
    expect((await storage.list([])).map((entry) => entry.name).sort()).toEqual(['backup', 'www']);
    const { session, release } = await sites.connections().lease(user);
    for (const path of ['/etc/passwd', '/../../../etc/passwd', `${sites.folder}/panel`])
      await expect(session.lstat(Buffer.from(path)), path).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(session.makeFolder(Buffer.from('/new'), 0o755)).rejects.toMatchObject({ code: 'EACCES' });
    release();
    const attack = join(sites.folder, 'attack');
    await writeFile(attack, 'attack');
    for (const act of [
      () => storage.put(['backup', 'archive.zip'], attack, 'replace'),
      () => storage.put(['backup', 'new.zip'], attack, 'create'),
      () => storage.remove(['backup', 'archive.zip']),
      () => storage.remove(['backup']),
      () => storage.move(['backup'], ['www', 'backup']),
      () => storage.move(['www'], ['backup', 'www']),
      () => storage.makeFolder(['else']),
    ])
      await expect(act(), String(act)).rejects.toEqual(refused(503));
    expect(await text((await storage.open(['backup', 'archive.zip'])).stream)).toBe('archive');
  });

  test('counts for the panel’s addresses only', async () => {
    const elsewhere = await RemoteSites.start({ from: ['192.0.2.7'] });
    try {
      const { user: other } = await elsewhere.user();
      const storage = sftpStorage({ server: elsewhere.connections(), user: other });
      await expect(storage.list([])).rejects.toEqual(expect.objectContaining({ status: 503, why: 'EAUTH' }));
    } finally {
      await elsewhere.close();
    }
  });
});

describe('a server that lies', () => {
  const { privateKey: pem } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const hostKey = pem.export({ type: 'pkcs1', format: 'pem' }).toString();
  const fingerprint = () => {
    const parsed = ssh2.utils.parseKey(hostKey);
    if (parsed instanceof Error) throw parsed;
    return fingerprintOf(parsed.getPublicSSH());
  };

  /** Answers to the greeting and then, whatever is asked, what `answer` says. */
  async function lying(
    greeting: Buffer,
    answer: (id: number, type: number) => Buffer,
    act: (list: () => Promise<unknown>) => Promise<void>,
  ) {
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => context.accept());
      client.on('session', (accept) => {
        // the raw channel: ssh2's own SFTP would not lie
        accept()
          .on('exec', () => {})
          .on('subsystem', (take) => {
            const channel = take();
            channel.on('data', (chunk: Buffer) => {
              for (let at = 0; at + 9 <= chunk.length; at += 4 + chunk.readUInt32BE(at)) {
                const type = chunk[at + 4] ?? 0;
                channel.write(type === packetType.init ? greeting : answer(chunk.readUInt32BE(at + 5), type));
              }
            });
          });
      });
    });
    await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
    const { port } = server.address() as { port: number };
    const connections = new SshServer({
      host: '127.0.0.1',
      port,
      hostKeys: [fingerprint()],
      privateKey: async () => hostKey,
      patience: { answer: 1000 },
    });
    try {
      await act(() => sftpStorage({ server: connections, user: 'site' }).list([]));
    } finally {
      connections.close();
      await new Promise<void>((go) => server.close(() => go()));
    }
  }

  const extensions = ['posix-rename@openssh.com', '1', 'hardlink@openssh.com', '1', 'fsync@openssh.com', '1'];
  const good = packet(packetType.version, [3, ...extensions]);
  const handle = (id: number) => packet(packetType.handle, [id, 'h']);
  const names = (id: number, name: string) => packet(packetType.name, [id, 1, name, '', 4, 0o100644]);

  test.each([
    ['speaks another version', packet(packetType.version, [6, ...extensions]), handle],
    ['lacks what an atomic change needs', packet(packetType.version, [3]), handle],
    ['sends what is no packet', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), handle],
    ['answers what nobody asked', good, (id: number) => handle(id + 7)],
    ['announces a packet of 4 GiB', good, () => Buffer.from([0xff, 0xff, 0xff, 0xff, 104])],
    [
      'breaks off within a packet',
      good,
      (id: number, type: number) => (type === packetType.opendir ? packet(packetType.handle, [id, 400]) : handle(id)),
    ],
    ['never comes to an end of a packet', good, () => Buffer.from([0, 0, 0, 200, 104])],
    ['says "done" and gives nothing', good, (id: number) => packet(packetType.status, [id, 0, '', ''])],
    [
      'names a file outside',
      good,
      (id: number, type: number) => (type === packetType.opendir ? handle(id) : names(id, '../../etc/passwd')),
    ],
    ['names a file with NUL', good, (id: number, type: number) => (type === packetType.opendir ? handle(id) : names(id, 'a\0b'))],
  ])('that %s is one that does not answer', async (_what, greeting, answer) => {
    await lying(greeting, answer, async (list) => {
      const start = Date.now();
      await expect(list()).rejects.toEqual(refused(503));
      expect(Date.now() - start).toBeLessThan(8000);
    });
  });
});
