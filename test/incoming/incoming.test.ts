// What comes in past the panel is judged as it stands: taken out, told of, left, or let alone (KHADA 7.4, 7.5).
import { randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ArrivalStore } from '../../src/incoming/arrival-store.ts';
import { day, hour, minute, StoppedClock } from '../../src/platform/clock.ts';
import type { Tx } from '../../src/platform/database/database.ts';
import { unavailable } from '../../src/platform/errors.ts';
import type { VirusScanner } from '../../src/platform/scanner/port.ts';
import { chopper, decoded, IncomingHouse, ordinary, pixel } from './incoming-house.ts';

let house: IncomingHouse;
const scanner: { answer: 'clean' | 'down' | string } = { answer: 'clean' };
const scanning: VirusScanner = {
  present: true,
  check: async () => {},
  scan: async () => {
    if (scanner.answer === 'down') throw unavailable();
    if (scanner.answer === 'breaks once') {
      scanner.answer = 'clean';
      throw new Error('a fault that nobody thought of');
    }
    return scanner.answer === 'clean' ? { clean: true } : { clean: false, signature: scanner.answer };
  },
};

afterEach(() => house?.close());

describe('in the program area', () => {
  beforeEach(async () => {
    house = await IncomingHouse.open();
  });

  test('scripts come in, which is what FTP is for', async () => {
    await house.upload({
      'www/index.php': ordinary,
      'www/lib/a.cgi': '#!/usr/bin/perl\nprint "a";\n',
      'www/.htaccess': 'Options -Indexes\n',
    });
    expect(await house.findings()).toEqual([]);
    expect(await readFile(house.at('www/index.php'), 'utf8')).toBe(ordinary);
  });

  test('a web shell is taken out at once, kept, and told of', async () => {
    await house.upload({ 'www/wp-includes/cache.php': chopper(), 'www/index.php': ordinary });
    expect(await house.findings()).toEqual(['refused www/wp-includes/cache.php web_shell']);
    expect(await house.isThere('www/wp-includes/cache.php')).toBe(false);
    expect(await house.isThere('www/index.php')).toBe(true);
    const [held = ''] = await readdir(join(house.test.folder, 'held', house.site.id));
    const kept = join(house.test.folder, 'held', house.site.id, held);
    expect(await readFile(kept, 'utf8')).toBe(chopper());
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    expect(await house.audit('ftp.filesRefused')).toEqual([{ count: 1 }]);
    const [letter = ''] = await house.lettersAbout(/격리했습니다/);
    expect(letter).toContain(`/sites/${house.site.name}/suspicious`);
  });

  test.each([
    ['setup.dat', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(100)])],
    ['logo.png', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)])],
    ['tool', Buffer.concat([Buffer.from('cffaedfe', 'hex'), Buffer.alloc(100)])],
    ['run.vbs', 'WScript.Echo "a"\n'],
  ])('a program of machines is taken out, whatever it is called: %s', async (name, content) => {
    await house.upload({ [`www/${name}`]: content });
    expect(await house.findings()).toEqual([`refused www/${name} executable`]);
  });

  test('a text that begins like a program, a Java class and a shell script of a vendor tree are none', async () => {
    const javaClass = Buffer.concat([Buffer.from('cafebabe00000041', 'hex'), Buffer.alloc(64)]);
    await house.upload({
      'www/a.txt': `MZ세대를 위한 글 ${'가'.repeat(60)}`,
      'www/A.class': javaClass,
      'www/vendor/bin/a.sh': '#!/bin/sh\n',
    });
    expect(await house.findings()).toEqual([]);
  });

  test('of a script of more than 5 MB the page notes that only its beginning was looked through', async () => {
    await house.upload({ 'www/big.php': `<?php\n${'// filler line of a big program\n'.repeat(200_000)}` });
    expect(await house.findings()).toEqual(['noted www/big.php partly']);
    expect(await house.isThere('www/big.php')).toBe(true);
    expect(await house.lettersAbout(/격리|스크립트/)).toEqual([]);
  });
});

describe('in an upload folder', () => {
  beforeEach(async () => {
    house = await IncomingHouse.open();
    await house.mark('www/data');
  });

  test('the whole upload policy holds, by name, by content, and for the members of archives', async () => {
    await house.upload({
      'www/data/a.php': ordinary,
      'www/data/b.php.jpg': pixel,
      'www/data/c.jpg': `GIF89a<?${'php'} echo 1;`,
      'www/data/deep/.htaccess': 'AddType application/x-httpd-php .jpg\n',
      'www/data/d.exe': 'MZ',
      'www/data/photo.png': pixel,
      'www/data/x.php/a.png': pixel,
      'www/index.php': ordinary,
    });
    expect((await house.findings()).sort()).toEqual([
      'refused www/data/a.php type_not_allowed',
      'refused www/data/b.php.jpg double_ext',
      'refused www/data/c.jpg content_mismatch',
      'refused www/data/d.exe type_not_allowed',
      'refused www/data/deep/.htaccess type_not_allowed',
      'refused www/data/x.php/a.png type_not_allowed',
    ]);
    expect(await house.isThere('www/data/photo.png')).toBe(true);
    expect(await house.heldFiles()).toBe(6);
  });

  test('the names above the folder are the customer’s own affair', async () => {
    await house.mark('www/.cache/up');
    await house.upload({ 'www/.cache/up/photo.png': pixel });
    expect(await house.findings()).toEqual([]);
  });

  test('a shell that is renamed into it is judged there, and so is a whole folder', async () => {
    await house.upload({ 'www/a.php': ordinary, 'www/prog/b/c.php': ordinary, 'www/prog/photo.png': pixel });
    await mkdir(house.at('www/data'), { recursive: true });
    await rename(house.at('www/a.php'), house.at('www/data/a.php'));
    await rename(house.at('www/prog'), house.at('www/data/prog'));
    const moved = (to: string, from: string) => house.event('renamed', to, { from: house.at(from) });
    await house.incoming.took([moved('www/data/a.php', 'www/a.php'), moved('www/data/prog', 'www/prog')], house.site);
    await house.judge();
    expect((await house.findings()).sort()).toEqual([
      'refused www/data/a.php type_not_allowed',
      'refused www/data/prog/b/c.php type_not_allowed',
    ]);
  });

  test('what is written again before it is judged is judged as it is then', async () => {
    await house.lay('www/data/a.png', ordinary);
    await house.incoming.took(house.event('stored', 'www/data/a.png'), house.site);
    await house.lay('www/data/a.png', pixel);
    await house.judge();
    expect(await house.findings()).toEqual([]);
    await house.lay('www/data/a.png', ordinary);
    await house.incoming.took(house.event('stored', 'www/data/a.png'), house.site);
    await house.judge();
    expect(await house.findings()).toEqual(['refused www/data/a.png content_mismatch']);
  });

  test('names in NFD and CP949 are found, also where another file looks the same', async () => {
    const nfd = '사진.php'.normalize('NFD');
    const cp949 = Buffer.concat([Buffer.from(`${house.home}/www/data/`), Buffer.from('bbe7c1f8', 'hex'), Buffer.from('2.php')]);
    await mkdir(house.at('www/data'), { recursive: true });
    await writeFile(house.at('www/data/사진.php'.replace('.php', '.png')), pixel);
    await writeFile(house.at(`www/data/${nfd.replace('.php', '.png')}`), ordinary);
    await writeFile(house.at(`www/data/${nfd}`), ordinary);
    await writeFile(cp949, ordinary);
    await house.incoming.took(
      [
        house.event('stored', `www/data/${nfd.replace('.php', '.png')}`),
        house.event('stored', `www/data/${nfd}`),
        house.event('stored', 'www/data/사진2.php'),
      ],
      house.site,
    );
    await house.judge();
    expect((await house.findings()).sort()).toEqual([
      'refused www/data/사진 (2).png content_mismatch',
      'refused www/data/사진.php type_not_allowed',
      'refused www/data/사진2.php type_not_allowed',
    ]);
    expect((await readdir(house.at('www/data'))).length).toBe(1);
  });

  test('an upload that is cut off leaves nothing to judge; a file that stands under its name all the same is judged as it stands', async () => {
    await house.incoming.took(house.event('cutOff', 'www/data/a.png'), house.site);
    await house.judge();
    expect(await house.findings()).toEqual([]);
    await house.lay('www/data/a.png', ordinary);
    await house.incoming.took(house.event('cutOff', 'www/data/a.png'), house.site);
    await house.judge();
    expect(await house.findings()).toEqual(['refused www/data/a.png content_mismatch']);
  });

  test('nothing outside the site, in backup/ or behind a link is touched', async () => {
    const outside = join(house.test.folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'a.php'), chopper());
    await mkdir(house.at('www/data'), { recursive: true });
    await symlink(outside, house.at('www/data/link'));
    await symlink(join(outside, 'a.php'), house.at('www/data/b.php'));
    await house.lay('backup/a.php', chopper());
    const told = (path: string) => ({ ...house.event('stored', 'www/x'), path });
    await house.incoming.took(
      [
        told(join(outside, 'a.php')),
        told(`${house.home}/www/../../outside/a.php`),
        told(`${house.home}-other/www/a.php`),
        told(`${house.home}/www/data/link/a.php`),
        told(`${house.home}/www/data/b.php`),
        told(`${house.home}/backup/a.php`),
        told('/etc/passwd'),
        told(house.home),
      ],
      house.site,
    );
    await house.judge();
    expect(await house.findings()).toEqual([]);
    expect(await readFile(join(outside, 'a.php'), 'utf8')).toBe(chopper());
    expect(await house.isThere('backup/a.php')).toBe(true);
  });

  test('a letter tells of the first at once, and of everything of the next hour in one', async () => {
    await house.upload({ 'www/data/1.php': ordinary });
    await house.upload({ 'www/data/2.php': ordinary });
    await house.upload({ 'www/data/3.php': ordinary });
    expect(await house.lettersAbout(/격리했습니다/)).toHaveLength(1);
    await house.keep(59 * minute);
    expect(await house.lettersAbout(/격리했습니다/)).toHaveLength(1);
    await house.keep(2 * minute);
    const letters = await house.lettersAbout(/격리했습니다/);
    expect(letters).toHaveLength(2);
    expect(letters.map(decoded).some((letter) => letter.includes('파일 2개를'))).toBe(true);
    await house.keep(2 * hour);
    expect(await house.lettersAbout(/격리했습니다/)).toHaveLength(2);
  });

  test('the operator puts a file back, and it is neither taken out nor told of again', async () => {
    await house.upload({ 'www/data/index.php': ordinary });
    const [kept] = await house.incoming.kept.list(house.site);
    await house.incoming.kept.restore(house.site, kept?.id ?? '', { kind: 'operator' }, 'looked at');
    expect(await readFile(house.at('www/data/index.php'), 'utf8')).toBe(ordinary);
    await house.watch();
    expect(await house.findings()).toEqual(['refused www/data/index.php type_not_allowed']);
    await expect(
      house.incoming.kept.restore(house.site, kept?.id ?? '', { kind: 'operator' }, 'looked at'),
    ).rejects.toMatchObject({
      status: 404,
    });
    expect(await house.heldFiles()).toBe(0);
  });

  test('a file goes back only to a free name, and stays kept until then', async () => {
    await house.upload({ 'www/data/a.png': ordinary });
    await house.lay('www/data/a.png', pixel);
    const [kept] = await house.incoming.kept.list(house.site);
    await expect(
      house.incoming.kept.restore(house.site, kept?.id ?? '', { kind: 'operator' }, 'looked at'),
    ).rejects.toMatchObject({
      status: 409,
    });
    expect(await house.heldFiles()).toBe(1);
    expect(await readFile(house.at('www/data/a.png'))).toEqual(pixel);
  });

  test('what is kept is deleted after thirty days, with its row', async () => {
    await house.upload({ 'www/data/a.php': ordinary });
    house.test.clock.advance(29 * day);
    await house.incoming.kept.sweep();
    expect(await house.heldFiles()).toBe(1);
    house.test.clock.advance(2 * day);
    await house.incoming.kept.sweep();
    expect(await house.heldFiles()).toBe(0);
    expect(await house.findings()).toEqual([]);
  });

  test('a process that dies after taking a file out loses neither file nor word of it', async () => {
    await house.lay('www/data/a.php', ordinary);
    await house.incoming.took(house.event('stored', 'www/data/a.php'), house.site);
    const { connection, files, sites } = house.test.panel.doors;
    const { id } = await connection.db.selectFrom('file_arrivals').select('id').executeTakeFirstOrThrow();
    const storage = sites.storageFor(house.site);
    const { stamp } = await storage.stat(['www', 'data', 'a.php']);
    await files.held.take(house.site.id, id, { storage, path: ['www', 'data', 'a.php'], stamp });
    await house.judge();
    await house.keep();
    expect(await house.findings()).toEqual(['refused www/data/a.php type_not_allowed']);
    expect(await house.heldFiles()).toBe(1);
  });

  test('a process that dies while it takes a file out is followed up: the file lies hidden in its folder under the arrival’s id', async () => {
    await house.lay('www/data/a.php', ordinary);
    await house.incoming.took(house.event('stored', 'www/data/a.php'), house.site);
    const { connection } = house.test.panel.doors;
    const { id } = await connection.db.selectFrom('file_arrivals').select('id').executeTakeFirstOrThrow();
    await rename(house.at('www/data/a.php'), house.at(`www/data/.gotgan-${id}`));
    await house.judge();
    await house.keep();
    expect(await house.findings()).toEqual(['refused www/data/a.php type_not_allowed']);
    expect([await house.heldFiles(), await readdir(house.at('www/data'))]).toEqual([1, []]);
  });

  test('a process that dies after taking out files that look alike loses none of them', async () => {
    const nfd = '사진.php'.normalize('NFD');
    await house.lay('www/data/사진.php', `${ordinary}// the one`);
    await house.lay(`www/data/${nfd}`, `${ordinary}// the other`);
    await house.incoming.took(house.event('stored', `www/data/${nfd}`), house.site);
    const { connection } = house.test.panel.doors;
    const write = connection.write;
    // The database is gone from the moment at which a file was taken out.
    connection.write = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
      if ((await house.heldFiles()) > 0) throw unavailable();
      return write.call(connection, work) as Promise<T>;
    };
    await house.judge().catch(() => {});
    connection.write = write;
    await house.judge();
    await house.keep();
    expect((await house.findings()).sort()).toEqual([
      'refused www/data/사진 (2).php type_not_allowed',
      'refused www/data/사진.php type_not_allowed',
    ]);
    expect(await house.heldFiles()).toBe(2);
  });

  test('of what is told together, what FTP brought is judged as that and the rest is not, whichever is told first', async () => {
    const names = ['a', 'b', 'c', 'd'].map((name) => `www/data/${name}.php`);
    for (const name of names) await house.lay(name, ordinary);
    const { connection, clock } = house.test.panel.doors;
    const store = new ArrivalStore(connection);
    const arrive = (...told: [string, 'ftp' | 'found'][]) =>
      connection.write((tx) =>
        store.arrive(
          tx,
          house.site.id,
          told.map(([path, origin]) => ({
            ...{ path: path.split('/'), origin, userName: origin === 'ftp' ? 'somebody' : null, isRespelled: false },
            ...{ dueAt: clock.now(), stamp: origin === 'ftp' ? undefined : `seen-${told.length}` },
          })),
          clock.now(),
        ),
      );
    const [a = '', b = '', c = '', d = ''] = names;
    for (const path of names) await arrive([path, 'found']);
    await arrive([a, 'found'], [b, 'ftp']);
    await arrive([c, 'ftp'], [d, 'found']);
    await house.judge();
    expect((await house.findings()).sort()).toEqual([
      `found ${a} type_not_allowed`,
      `found ${d} type_not_allowed`,
      `refused ${b} type_not_allowed`,
      `refused ${c} type_not_allowed`,
    ]);
  });

  test('a file with a second name in the site loses both the way to be run and its place', async () => {
    await house.lay('www/data/a.php', ordinary);
    await link(house.at('www/data/a.php'), house.at('www/b.php'));
    await house.incoming.took(house.event('stored', 'www/data/a.php'), house.site);
    await house.judge();
    expect(await house.isThere('www/data/a.php')).toBe(false);
    expect((await stat(house.at('www/b.php'))).mode & 0o777).toBe(0o600);
  });
});

describe('with a virus scanner', () => {
  beforeEach(async () => {
    scanner.answer = 'clean';
    house = await IncomingHouse.open({ scanner: scanning });
    await house.mark('www/data');
  });

  test('what it knows is taken out of upload folders and of the program area', async () => {
    scanner.answer = 'Eicar-Signature';
    await house.upload({ 'www/data/a.png': pixel, 'www/a.php': ordinary });
    expect((await house.findings()).sort()).toEqual(['refused www/a.php malware', 'refused www/data/a.png malware']);
  });

  test('while it does not answer, files for upload folders wait in quarantine and go back by themselves; programs stay and are asked for again', async () => {
    scanner.answer = 'down';
    await house.upload({ 'www/data/a.png': pixel, 'www/data/b.png': pixel, 'www/a.php': ordinary });
    expect((await house.findings()).sort()).toEqual(['refused www/data/a.png waiting', 'refused www/data/b.png waiting']);
    expect(await house.isThere('www/data/a.png')).toBe(false);
    expect(await house.isThere('www/a.php')).toBe(true);
    expect(await house.lettersAbout(/격리/)).toEqual([]);
    scanner.answer = 'clean';
    await house.keep();
    expect(await readFile(house.at('www/data/a.png'))).toEqual(pixel);
    expect(await house.isThere('www/data/b.png')).toBe(true);
    expect(await house.heldFiles()).toBe(0);
  });

  test('one file that cannot be judged stops none of the others, and is judged later', async () => {
    scanner.answer = 'breaks once';
    await house.upload({ 'www/a.php': ordinary, 'www/b.php': chopper(), 'www/c.php': chopper() });
    expect((await house.findings()).sort()).toEqual(['refused www/b.php web_shell', 'refused www/c.php web_shell']);
    await house.lay('www/a.php', chopper());
    await house.keep(minute);
    expect(await house.findings()).toContain('refused www/a.php web_shell');
  });

  test('a newer file that came meanwhile stays in its place, and so does what waited in quarantine', async () => {
    scanner.answer = 'down';
    await house.upload({ 'www/data/a.png': pixel });
    await house.lay('www/data/a.png', pixel);
    scanner.answer = 'clean';
    await house.keep();
    expect(await house.findings()).toEqual(['refused www/data/a.png exists']);
    expect(await house.heldFiles()).toBe(1);
  });

  test('a program that could not be judged is judged when the scanner answers again', async () => {
    scanner.answer = 'down';
    await house.upload({ 'www/a.php': ordinary });
    scanner.answer = 'Php.Webshell';
    await house.keep(minute);
    expect(await house.findings()).toEqual(['refused www/a.php malware']);
  });
});

describe('a new script in an upload folder, by whatever way it came', () => {
  beforeEach(async () => {
    // Parts of uploads are told by their age, and files have the machine's own times.
    house = await IncomingHouse.open({ clock: new StoppedClock(Date.now()) });
    await house.lay('www/data/old.png', pixel);
    await house.mark('www/data');
    await house.watch();
  });

  test('is told of by letter, page and audit, and left where it is', async () => {
    await house.lay('www/data/file/shell.php', chopper());
    await house.watch();
    expect(await house.findings()).toEqual(['found www/data/file/shell.php type_not_allowed']);
    expect(await house.isThere('www/data/file/shell.php')).toBe(true);
    expect(await house.audit('ftp.scriptsFound')).toEqual([{ count: 1 }]);
    const [letter = ''] = await house.lettersAbout(/새로 생겼습니다/);
    expect(decoded(letter)).toContain('/www/data/file/shell.php');
    await house.watch();
    expect(await house.findings()).toHaveLength(1);
  });

  test('is known by its content too, when its time was set back', async () => {
    await house.lay('www/data/photo.jpg', `GIF89a<?${'php'} echo 1; ?>`);
    await utimes(house.at('www/data/photo.jpg'), 1, 1);
    await house.watch();
    expect(await house.findings()).toEqual(['found www/data/photo.jpg content_mismatch']);
  });

  test('what stands there when the folder is marked is told of once, and again when it is written over in its place', async () => {
    await house.lay('www/upload/index.php', ordinary);
    await house.mark('www/upload');
    await house.test.work();
    await house.watch();
    expect(await house.findings()).toEqual(['found www/upload/index.php type_not_allowed']);
    await writeFile(house.at('www/upload/index.php'), chopper());
    await house.watch();
    expect(await house.findings()).toHaveLength(2);
  });

  test('what a program keeps there for itself is no alert, a shell among it is', async () => {
    await house.lay('www/board/data/dbconfig.php', ordinary);
    await house.lay('www/board/data/cache/a.php', ordinary);
    await house.lay('www/board/data/cache/b.php', chopper());
    await house.test.panel.doors.sites.folders.mark(house.site, ['www', 'board', 'data'], { program: 'gnuboard' });
    await house.test.work();
    await house.watch();
    expect(await house.findings()).toEqual(['found www/board/data/cache/b.php web_shell']);
  });

  test('every file is looked at once a night, by its content', async () => {
    await house.test.work();
    const { connection, clock } = house.test.panel.doors;
    // As if it had come while nobody looked: neither watch nor table knows of it.
    await house.lay('www/data/night.gif', `GIF89a<?${'php'} echo 1; ?>`);
    await connection.write((tx) => tx.deleteFrom('file_arrivals').execute());
    await house.incoming.scan.startNightly(clock.now() + 1);
    await house.incoming.scan.startNightly(clock.now() + 1);
    await house.test.work();
    expect(await house.findings()).toEqual(['found www/data/night.gif content_mismatch']);
    const { lastLook } = await house.incoming.protection.of(house.site);
    expect(lastLook).toMatchObject({ state: 'done', files: 2, found: 1 });
  });

  test('goes into quarantine or for good at a word of the customer, unless it is another file by now', async () => {
    for (const name of ['a', 'b', 'c']) await house.lay(`www/data/${name}.php`, ordinary);
    await house.watch();
    const rows = (await house.incoming.findings(house.site, 0, 10)).toSorted((one, other) => one.path.localeCompare(other.path));
    const [a, b, c] = rows.map(({ id }) => id);
    const { kept } = house.incoming;
    const by = { kind: 'operator' } as const;
    await kept.hold(house.site, a ?? '', by);
    expect([await house.isThere('www/data/a.php'), await house.heldFiles()]).toEqual([false, 1]);
    await kept.restore(house.site, a ?? '', by, 'ours');
    expect(await house.isThere('www/data/a.php')).toBe(true);
    await kept.remove(house.site, b ?? '', by);
    expect([await house.isThere('www/data/b.php'), await house.heldFiles()]).toEqual([false, 0]);
    await house.lay('www/data/c.php', pixel);
    await expect(kept.remove(house.site, c ?? '', by)).rejects.toMatchObject({ status: 409, key: 'incoming.isOther' });
    expect(await house.isThere('www/data/c.php')).toBe(true);
    expect(await house.audit('ftp.fileRestored')).toEqual([{ reason: 'ours' }]);
    expect(await house.incoming.open(house.site)).toBe(0);
  });

  test('is kept for thirty days from the day on which the customer takes it out', async () => {
    await house.lay('www/data/a.php', ordinary);
    await house.watch();
    const [{ id = '' } = {}] = await house.incoming.findings(house.site, 0, 1);
    const { kept } = house.incoming;
    const by = { kind: 'operator' } as const;
    house.test.clock.advance(29 * day);
    await kept.hold(house.site, id, by);
    house.test.clock.advance(29 * day);
    await kept.sweep();
    expect(await house.heldFiles()).toBe(1);
    house.test.clock.advance(2 * day);
    await kept.sweep();
    expect(await house.heldFiles()).toBe(0);
  });

  test('ordinary files of a program are no alert, nor is a kind that is only not on the list', async () => {
    await house.lay('www/data/cache/a.png', pixel);
    await house.lay('www/data/cache/a.lock', 'x');
    await house.lay('www/data/.gitkeep', '');
    await house.lay('www/data/.in.a.php.4711', ordinary);
    await house.watch();
    expect(await house.findings()).toEqual([]);
  });

  test('is told of under the name of a part of an upload too, once it has not grown for an hour', async () => {
    await house.lay('www/data/.in.a.php.4711', ordinary);
    await house.lay('www/data/.in.b.php.4711', ordinary);
    await utimes(house.at('www/data/.in.b.php.4711'), 1, 4e9);
    await house.lay('www/data/photo.png', pixel);
    await house.watch();
    house.test.clock.advance(hour);
    await house.test.clock.until(house.test.clock.monotonic() + hour);
    await house.watch();
    const told = ['found www/data/.in.a.php.4711 type_not_allowed', 'found www/data/.in.b.php.4711 type_not_allowed'];
    expect((await house.findings()).sort()).toEqual(told);
    await house.test.clock.until(house.test.clock.monotonic() + hour);
    await house.watch();
    expect((await house.findings()).sort()).toEqual(told);
  });

  test('what FTP brought is judged as that, once, and is in no alert', async () => {
    await house.lay('www/data/a.php', ordinary);
    await house.lay('www/data/b.png', pixel);
    await house.incoming.watch(new AbortController().signal);
    await house.incoming.took([house.event('stored', 'www/data/a.php'), house.event('stored', 'www/data/b.png')], house.site);
    await house.judge();
    await house.watch();
    expect(await house.findings()).toEqual(['refused www/data/a.php type_not_allowed']);
  });

  test('is told of also in a folder that was removed and made again', async () => {
    await rm(house.at('www/data'), { recursive: true });
    await house.watch();
    await house.lay('www/data/shell.php', chopper());
    await house.watch();
    expect(await house.findings()).toEqual(['found www/data/shell.php type_not_allowed']);
  });

  test('content that changes under an old name is seen when every file is looked at, once an hour', async () => {
    await house.lay('www/data/a.png', pixel);
    await house.watch();
    await writeFile(house.at('www/data/a.png'), ordinary);
    await house.test.clock.until(house.test.clock.monotonic() + hour);
    await house.watch();
    expect(await house.findings()).toEqual(['found www/data/a.png content_mismatch']);
  });

  test('a folder that is program area again is watched no more', async () => {
    await house.test.panel.doors.sites.folders.clear(house.site, ['www', 'data']);
    await house.lay('www/data/shell.php', ordinary);
    await house.watch();
    expect(await house.findings()).toEqual([]);
  });
});

test('a folder that the customer does not want protected is proposed no more, and that is written down once', async () => {
  house = await IncomingHouse.open();
  await house.lay('www/upload/a.png', pixel);
  await house.lay('www/images/a.png', pixel);
  const { protection } = house.incoming;
  const proposed = async () => (await protection.of(house.site)).proposals.map(({ path }) => path.join('/')).sort();
  await protection.search(house.site.id);
  expect([await proposed(), await protection.waiting(house.site)]).toEqual([['www/images', 'www/upload'], 2]);
  // One was in the last search, the other is declined before anybody searched for it.
  await house.lay('www/files/a.png', pixel);
  for (const name of ['upload', 'files', 'files']) await protection.decline(house.site, ['www', name], { kind: 'operator' });
  await protection.search(house.site.id);
  expect([await proposed(), await protection.waiting(house.site)]).toEqual([['www/images'], 1]);
  const rows = () => house.test.panel.doors.connection.db.selectFrom('folder_proposals').select('path').execute();
  const before = await rows();
  // What nobody proposed: a folder of programs, one that is not there, one that is an upload folder already.
  await house.lay('www/lib/a.php', ordinary);
  await house.lay('www/data/a.png', pixel);
  await house.mark('www/data');
  for (const path of ['www/lib', 'www/nowhere', 'www/data', 'www/images/deeper', 'backup'])
    await expect(protection.decline(house.site, path.split('/'), { kind: 'operator' }), path).rejects.toMatchObject({
      ...{ status: 409, key: 'protection.notProposed' },
    });
  expect(await rows()).toEqual(before);
  expect(await house.audit('sites.folderDeclined')).toHaveLength(2);
});

test('a web server counts as told only once it has read what was written, whoever wrote it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'told-'));
  const [reads, busy, begun] = [join(folder, 'reads'), join(folder, 'busy'), join(folder, 'begun')];
  const reload = `echo begun >> ${begun}; while test -e ${busy}; do sleep 0.02; done; echo read >> ${reads}`;
  house = await IncomingHouse.open({ webServers: [`nginx:${folder}`], webServerReload: ['/bin/sh', '-c', reload] });
  const { protection, webServers } = house.incoming;
  const state = async () => (await protection.of(house.site)).told?.state;
  const written = () => readFile(join(folder, `${house.site.name}.conf`), 'utf8').catch(() => '');
  await house.mark('www/data');
  for (let times = 0; times < 2; times += 1) await webServers.tell(house.site.id);
  expect([await state(), await readFile(reads, 'utf8')]).toEqual(['told', 'read\n']);
  await writeFile(busy, '');
  await house.mark('www/upload');
  const first = webServers.tell(house.site.id);
  await vi.waitUntil(async () => (await written()).includes('/upload/'), 10_000);
  expect(await state()).toBe('waiting');
  const second = webServers.tell(house.site.id);
  // The first has not been told of as read when the second comes.
  await vi.waitUntil(async () => (await readFile(begun, 'utf8')) === 'begun\n'.repeat(3), 10_000);
  await rm(busy);
  await Promise.all([first, second]);
  expect([await state(), await readFile(reads, 'utf8')]).toEqual(['told', 'read\n'.repeat(3)]);
  await rm(folder, { recursive: true });
});

test('a site keeps no more in quarantine than it may hold itself: the oldest goes first', async () => {
  house = await IncomingHouse.open();
  await house.mark('www/data');
  const { connection } = house.test.panel.doors;
  await connection.write((tx) => tx.updateTable('sites').set({ quota_bytes: 250_000 }).execute());
  for (const name of ['1', '2', '3']) {
    await house.upload({ [`www/data/${name}.php`]: `<?php //${randomBytes(50_000).toString('hex')}` });
    house.test.clock.advance(1000);
  }
  expect(await house.heldFiles()).toBe(2);
  const rows = await house.incoming.findings(house.site, 0, 10);
  expect(rows.filter(({ droppedAt }) => droppedAt !== null).map(({ path }) => path)).toEqual(['www/data/1.php']);
  // What nobody could judge goes back one day: it stays, though it is older.
  await connection.write((tx) =>
    tx.updateTable('file_findings').set({ code: 'waiting' }).where('path', '=', 'www/data/2.php').execute(),
  );
  await house.upload({ 'www/data/4.php': `<?php //${randomBytes(50_000).toString('hex')}` });
  const dropped = (await house.incoming.findings(house.site, 0, 10)).filter(({ droppedAt }) => droppedAt !== null);
  expect(dropped.map(({ path }) => path).sort()).toEqual(['www/data/1.php', 'www/data/3.php']);
});
