// Copying, extracting and compressing in the file manager: what lands, what is refused by name, and that nothing is ever half there.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { minute } from '../../src/platform/clock.ts';
import { enforce, enforceCustomer } from '../../src/suspension.ts';
import { koreanCp949, tarOf, type ZipPart, zipOf } from './made-files.ts';
import { type OwnSite, startOwnSite } from './own-site.ts';

let own: OwnSite;
beforeAll(async () => {
  own = await startOwnSite();
});
afterAll(() => own?.house.close());
afterEach(async () => {
  for (const name of await readdir(own.www())) await rm(own.www(name), { recursive: true, force: true });
  await own.house.panel.doors.connection.write((tx) => tx.deleteFrom('file_jobs').execute());
  await own.house.panel.doors.connection.write((tx) => tx.deleteFrom('jobs').execute());
});

const jobs = () => own.house.panel.doors.files.jobs;
const siteNow = () => own.house.panel.doors.sites.byName(own.site);
const read = (...path: string[]) => readFile(own.www(...path), 'utf8');
const tree = async () => (await readdir(own.www(), { recursive: true })).sort();
/** What lies beside `www/` and is nothing that was thrown away or replaced. */
const left = async () => {
  const rows = await own.house.panel.doors.connection.db.selectFrom('file_trash').select('id').execute();
  const names = await readdir(join(own.house.folder, 'sites', own.site, 'trash'));
  return names.filter((name) => !rows.some(({ id }) => id === name));
};

/** Sends a form of the manager. */
const send = (what: 'copy' | 'extract' | 'compress', fields: Record<string, string | string[]>) => {
  // Ids of one moment are in no order.
  own.house.clock.advance(1);
  const [first = ''] = [fields.path ?? ''].flat();
  const page = what === 'extract' ? `${own.files}/${first}?do=extract` : `${own.files}/www?do=${what}&path=${first}`;
  return own.owner.submit(page, fields, `${own.files}/${what}`);
};
const newest = async () => {
  const row = await own.house.panel.doors.connection.db
    .selectFrom('file_jobs')
    .select('id')
    .orderBy('queued_at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  return jobs().find(await siteNow(), row.id);
};
/** Extracts an archive that lies in `www/`. @returns the job when it has ended */
const extract = async (name: string, bytes: Buffer, fields: Record<string, string> = {}) => {
  await writeFile(own.www(name), bytes);
  const { status } = await send('extract', { path: `www/${name}`, where: 'new', name: '', conflict: 'skip', ...fields });
  expect(status).toBe(303);
  await own.house.work();
  return newest();
};
const said = ({ results }: Awaited<ReturnType<typeof newest>>) => results.map(({ file, code }) => `${code} ${file}`).sort();
const shell = '<?php system($_GET[0]);';

describe('extracting', () => {
  test('good members land in a folder of their own, refused ones are listed with their reason, also as CSV', async () => {
    const job = await extract(
      '사진.zip',
      zipOf([
        { name: 'index.html', content: '<p>안녕' },
        { name: 'img/', mode: 0o40755 },
        { name: 'img/한글.txt', content: '본문' },
        { name: 'x.php', content: shell },
        { name: 'a.html', content: shell },
        { name: 'a.php.jpg', content: 'x' },
        { name: '.htaccess', content: 'x' },
        { name: 'link.txt', content: '/etc/passwd', mode: 0o120777 },
        { name: '../../out.html', content: 'x' },
        { name: 'odd.txt', method: 14 },
        { name: '.DS_Store', content: 'Bud1\0' },
      ]),
    );
    expect(await tree()).toEqual(['사진', '사진.zip', '사진/img', '사진/img/한글.txt', '사진/index.html']);
    expect(job).toMatchObject({ state: 'done', kept: 2, refused: 7 });
    expect(said(job)).toEqual([
      'content_mismatch 사진/a.html',
      'double_ext 사진/a.php.jpg',
      'link 사진/link.txt',
      'method 사진/odd.txt',
      'path_outside 사진/../../out.html',
      'type_not_allowed 사진/.htaccess',
      'type_not_allowed 사진/x.php',
    ]);
    const { text } = await own.owner.get(`${own.files}/jobs/${job.id}`);
    expect(text).toContain('2개를 풀었습니다. 7개는 올릴 수 없는 것이라 두지 않았습니다.');
    expect(text).toContain('사진/x.php');
    const csv = await own.owner.get(`${own.files}/jobs/${job.id}?as=csv`);
    expect(csv.headers['content-disposition']).toContain('attachment');
    expect(csv.text.split('\r\n').filter((line) => line !== '')).toHaveLength(8);
    expect(await left()).toEqual([]);
  });

  test('tar, tar.gz, a single gz, and names in CP949 of either kind', async () => {
    const tar = tarOf([
      { name: './', type: '5' },
      { name: './css/', type: '5' },
      { name: './css/a.css', content: 'a{}' },
      { name: 'run.php', content: shell },
      { name: 'link', type: '2', link: '/etc/passwd' },
    ]);
    expect(await extract('a.tar', tar)).toMatchObject({ kept: 1, refused: 2 });
    expect(await extract('b.tar.gz', gzipSync(tar))).toMatchObject({ kept: 1, refused: 2 });
    expect(await extract('c.csv.gz', gzipSync('a,b\n'))).toMatchObject({ kept: 1, refused: 0 });
    expect(await read('a', 'css', 'a.css')).toBe('a{}');
    expect(await read('b', 'css', 'a.css')).toBe('a{}');
    expect(await read('c.csv', 'c.csv')).toBe('a,b\n');
    await extract('d.zip', zipOf([{ name: Buffer.concat([koreanCp949, Buffer.from('.txt')]), content: 'a' }]));
    expect(await readdir(own.www('d'))).toEqual(['안녕하세요 똠방각하.txt']);
  });

  const bad: [string, string, () => Buffer][] = [
    [
      'password',
      'a member with a password',
      () =>
        zipOf([
          { name: 'good.txt', content: 'x' },
          { name: 'a.txt', content: 'x', flags: 0x801 },
        ]),
    ],
    [
      'damaged',
      'a member whose sum is wrong',
      () =>
        zipOf([
          { name: 'good.txt', content: 'x' },
          { name: 'a.txt', content: 'abc', crc: 1 },
        ]),
    ],
    ['damaged', 'what is no archive', () => Buffer.from('PK\x03\x04 nothing more')],
    [
      'too_large',
      'a bomb',
      () =>
        zipOf([
          { name: 'good.txt', content: 'x' },
          { name: 'a.txt', content: Buffer.alloc(12 * 1024 * 1024) },
        ]),
    ],
    [
      'too_large',
      'a bomb inside',
      () =>
        zipOf([
          { name: 'good.txt', content: 'x' },
          { name: 'i.zip', content: zipOf([{ name: 'a.txt', content: Buffer.alloc(12 * 1024 * 1024) }]), method: 0 },
        ]),
    ],
    ['too_large', 'a bomb as gz', () => gzipSync(Buffer.alloc(12 * 1024 * 1024))],
    ['too_large', 'too many members', () => zipOf(Array.from({ length: 10_001 }, (_, at) => ({ name: `${at}.txt` })))],
  ];
  test.each(bad)('%s: %s stops everything, and nothing is left', async (fault, what, bytes) => {
    const name = what.endsWith('gz') ? 'bad.txt.gz' : 'bad.zip';
    const job = await extract(name, bytes());
    expect(job).toMatchObject({ state: 'failed', fault, kept: 0 });
    expect(await tree()).toEqual([name]);
    expect(await left()).toEqual([]);
    expect((await own.owner.get(`${own.files}/jobs/${job.id}`)).text).toContain('아무것도 바뀌지 않았습니다.');
  });

  test('archives in archives are judged to the depth of the policy', async () => {
    const inner = (parts: ZipPart[]) => zipOf(parts);
    const job = await extract(
      'a.zip',
      zipOf([
        { name: 'fine.zip', content: inner([{ name: 'a.txt', content: 'a' }]) },
        { name: 'script.zip', content: inner([{ name: 'a.php', content: shell }]) },
        { name: 'deep.zip', content: inner([{ name: 'b.zip', content: inner([{ name: 'a.txt', content: 'a' }]) }]) },
        { name: 'locked.zip', content: inner([{ name: 'a.txt', content: 'x', flags: 0x801 }]) },
      ]),
    );
    expect(said(job)).toEqual(['archive_bad a/deep.zip', 'archive_bad a/script.zip', 'password_zip a/locked.zip']);
    expect(await readdir(own.www('a'))).toEqual(['fine.zip']);
  });

  test('into the folder itself: folders merge, and names that are taken are skipped, renamed or replaced as was asked', async () => {
    const parts = zipOf([
      { name: 'one.txt', content: 'new' },
      { name: 'in/two.txt', content: 'new' },
      { name: 'in/three.txt', content: 'new' },
      { name: 'ONE.TXT', content: 'x' },
    ]);
    for (const [conflict, one, results] of [
      ['skip', 'old', ['exists in/two.txt', 'exists one.txt', 'name_case_clash ONE.TXT']],
      ['rename', 'old', ['name_case_clash ONE.TXT', 'undefined in/two.txt', 'undefined one.txt']],
      ['replace', 'new', ['name_case_clash ONE.TXT', 'undefined in/two.txt', 'undefined one.txt']],
    ] as const) {
      await own.lay('one.txt', 'old');
      await own.lay('in/two.txt', 'old');
      await rm(own.www('in/three.txt'), { force: true });
      const job = await extract('a.zip', parts, { where: 'here', conflict });
      expect(said(job)).toEqual(results);
      expect(await read('one.txt')).toBe(one);
      expect(await read('in', 'three.txt')).toBe('new');
    }
    expect(await read('one (2).txt')).toBe('new');
    expect(await read('in', 'two (2).txt')).toBe('new');
    // What was replaced comes back.
    const { files } = own.house.panel.doors;
    const [version] = await files.trash.versionsOf(await siteNow(), ['www', 'one.txt']);
    expect(version).toMatchObject({ because: 'edited', bytes: 3 });
  });

  test('a second extraction gets a folder with a number', async () => {
    await extract('a.zip', zipOf([{ name: 'a.txt', content: '1' }]));
    await extract('a.zip', zipOf([{ name: 'a.txt', content: '2' }]));
    expect(await read('a', 'a.txt')).toBe('1');
    expect(await read('a (2)', 'a.txt')).toBe('2');
  });

  test('an archive of which nothing may be leaves no folder', async () => {
    const job = await extract('a.zip', zipOf([{ name: 'x.php', content: shell }]));
    expect(job).toMatchObject({ state: 'done', kept: 0, refused: 1 });
    expect(await tree()).toEqual(['a.zip']);
  });

  test('room is counted while it is unpacked: what does not fit leaves nothing and holds nothing', async () => {
    const { connection } = own.house.panel.doors;
    const { quotaBytes, id } = await siteNow();
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, at) => at * 7919));
    const set = (used_bytes: number) =>
      connection.write((tx) => tx.updateTable('sites').set({ used_bytes }).where('id', '=', id).execute());
    await set(quotaBytes - 4000);
    const job = await extract(
      'a.zip',
      zipOf([
        { name: 'a.txt', content: 'a'.repeat(3000) },
        { name: 'b.txt', content: bytes.toString('hex') },
      ]),
    );
    expect(job).toMatchObject({ state: 'failed', fault: 'quota' });
    expect(await tree()).toEqual(['a.zip']);
    expect(await connection.db.selectFrom('file_acts').selectAll().execute()).toEqual([]);
    await set(0);
  });

  test('what is no archive has no such page', async () => {
    await own.lay('a.txt');
    expect((await own.owner.get(`${own.files}/www/a.txt?do=extract`)).status).toBe(404);
    const hidden = await own.owner.hidden(`${own.files}/www?do=copy&path=www/a.txt`, `${own.files}/copy`);
    const forged = await own.owner.send(`${own.files}/extract`, {
      ...hidden,
      path: 'www/a.txt',
      where: 'new',
      name: 'a',
      conflict: 'skip',
    });
    expect(forged.status).toBe(404);
  });
});

describe('copying', () => {
  test('a small selection is copied at once into another folder; one folder keeps its tree', async () => {
    await own.lay('a.txt', 'a');
    await own.lay('f/b.txt', 'b');
    await own.lay('f/g/c.txt', 'c');
    await mkdir(own.www('to'));
    const { status, headers } = await send('copy', { path: ['www/a.txt', 'www/f'], to: 'www/to', conflict: 'skip' });
    expect([status, headers.location]).toEqual([303, `${own.files}/www/to`]);
    expect(await read('to', 'f', 'g', 'c.txt')).toBe('c');
    expect(await read('to', 'a.txt')).toBe('a');
    expect((await own.owner.get(headers.location ?? '')).text).toContain('3개를 복사했습니다.');
    expect(await left()).toEqual([]);
  });

  test('a copy meets the policy in every folder: programs are refused by name, links are not followed', async () => {
    await own.lay('f/ok.txt', 'x');
    await own.lay('f/run.php', shell);
    await own.lay('f/poly.gif', `GIF89a${shell}`);
    await own.lay('f/.htaccess', 'x');
    await symlink('/etc/passwd', own.www('f/passwd.txt'));
    await symlink('/etc', own.www('f/etc'));
    await mkdir(own.www('to'));
    await send('copy', { path: 'www/f', to: 'www/to', conflict: 'skip' });
    expect(await readdir(own.www('to/f'))).toEqual(['ok.txt']);
    expect(said(await newest())).toEqual([
      'content_mismatch f/poly.gif',
      'link f/etc',
      'link f/passwd.txt',
      'type_not_allowed f/.htaccess',
      'type_not_allowed f/run.php',
    ]);
  });

  test('in its own folder a copy is called so, whatever was chosen', async () => {
    await own.lay('사진.jpg.txt', 'x');
    await own.lay('f/a.txt', 'x');
    for (let times = 0; times < 2; times += 1)
      await send('copy', { path: ['www/사진.jpg.txt', 'www/f'], to: 'www', conflict: 'replace' });
    expect((await readdir(own.www())).sort()).toEqual([
      'f',
      'f 사본',
      'f 사본 2',
      '사진.jpg 사본 2.txt',
      '사진.jpg 사본.txt',
      '사진.jpg.txt',
    ]);
  });

  test('a large one is a job: it is told on the page of the folder while it waits and runs, and when it has ended', async () => {
    await Promise.all(Array.from({ length: 120 }, (_, at) => own.lay(`many/${at}.txt`, `${at}`)));
    await mkdir(own.www('to'));
    const { headers } = await send('copy', { path: 'www/many', to: 'www/to', conflict: 'rename' });
    expect(headers.location).toMatch(/\/files\/jobs\/[0-9a-f-]{36}$/);
    const folder = `${own.files}/www`;
    expect((await own.owner.get(folder)).text).toContain('차례를 기다리고 있습니다.');
    const job = await newest();
    await own.house.panel.doors.connection.write((tx) =>
      tx
        .updateTable('file_jobs')
        .set({
          state: 'running',
          files_total: 120,
          files_done: 45,
          bytes_total: 1000,
          bytes_done: 370,
          moved_at: own.house.clock.now(),
        })
        .execute(),
    );
    expect((await own.owner.get(folder)).text).toContain('복사하는 중 37\u00a0%');
    const { body } = await own.owner.get(`${own.files}/jobs/${job.id}/state`).set('accept', 'application/json');
    expect(body).toMatchObject({ value: 37, max: 100, finished: false });
    await own.house.work();
    expect((await readdir(own.www('to/many'))).length).toBe(120);
    expect((await own.owner.get(folder)).text).toContain('120개를 복사했습니다.');
    own.house.clock.advance(11 * minute);
    expect((await own.owner.get(folder)).text).not.toContain('120개를 복사했습니다.');
  });

  test.each([
    ['into itself', { path: 'www/f', to: 'www/f/g' }, '자기 자신'],
    ['into no folder', { path: 'www/f', to: 'www/none' }, '그런 폴더가 없습니다'],
    ['outside of www', { path: 'www/f', to: 'backup' }, 'www 폴더 안에서만'],
  ])('%s is refused, and what was typed stands there', async (_, fields, why) => {
    await own.lay('f/g/a.txt');
    const { status, text } = await send('copy', { ...fields, conflict: 'skip' });
    expect(status).toBe(422);
    expect(text).toContain(why);
    expect(text).toContain(`value="${fields.to}"`);
  });

  test('room is taken before the first byte', async () => {
    const { connection } = own.house.panel.doors;
    const { quotaBytes, id } = await siteNow();
    await own.lay('a.txt', 'x'.repeat(5000));
    const set = (used_bytes: number) =>
      connection.write((tx) => tx.updateTable('sites').set({ used_bytes }).where('id', '=', id).execute());
    await set(quotaBytes - 4000);
    await send('copy', { path: 'www/a.txt', to: 'www', conflict: 'rename' });
    expect(await newest()).toMatchObject({ state: 'failed', fault: 'quota', bytesDone: 0 });
    expect(await tree()).toEqual(['a.txt']);
    await set(0);
  });
});

describe('compressing', () => {
  test('a selection becomes a ZIP in its folder; it never takes a name that is there', async () => {
    await own.lay('a.txt', 'a');
    await own.lay('f/run.php', shell);
    await own.lay('묶음.zip', 'not a zip');
    const { status, headers } = await send('compress', { path: ['www/a.txt', 'www/f'], name: '묶음' });
    expect(status).toBe(303);
    await own.house.work();
    expect(await newest()).toMatchObject({ state: 'done', kept: 1 });
    expect(await read('묶음.zip')).toBe('not a zip');
    expect((await readFile(own.www('묶음 (2).zip'))).subarray(0, 2).toString()).toBe('PK');
    expect((await own.owner.get(headers.location ?? '')).text).toContain('압축 파일을 만들었습니다.');
    // And back out of it: the program stays in.
    await send('extract', { path: 'www/묶음 (2).zip', where: 'new', name: 'out', conflict: 'skip' });
    await own.house.work();
    expect((await readdir(own.www('out'), { recursive: true })).sort()).toEqual(['a.txt', 'f']);
    expect(said(await newest())).toEqual(['type_not_allowed out/f/run.php']);
  });

  test('into an upload folder comes no archive that an upload would be refused for', async () => {
    await own.lay('up/run.php', shell);
    await own.lay('up/a.txt', 'a');
    const { sites } = own.house.panel.doors;
    await sites.folders.mark(await siteNow(), ['www', 'up']);
    await send('compress', { path: ['www/up/run.php', 'www/up/a.txt'], name: 'a' });
    await own.house.work();
    expect(await newest()).toMatchObject({ state: 'failed', fault: 'refused' });
    expect((await readdir(own.www('up'))).sort()).toEqual(['a.txt', 'run.php']);
    await sites.folders.clear(await siteNow(), ['www', 'up'], { kind: 'system' }, 'other').catch(() => {});
  });

  test('a name of another kind is refused', async () => {
    await own.lay('a.txt', 'a');
    expect((await send('compress', { path: 'www/a.txt', name: 'x.php.zip' })).status).toBe(422);
  });
});

describe('a job that does not come to its end', () => {
  const many = (count = 60) => zipOf(Array.from({ length: count }, (_, at) => ({ name: `${at}.txt`, content: `${at}` })));
  /** Begins an extraction and stops it from inside, once so many files lie ready. */
  const half = async (stop: (id: string) => Promise<void>, count?: number) => {
    await writeFile(own.www('a.zip'), many(count));
    await send('extract', { path: 'www/a.zip', where: 'new', name: '', conflict: 'skip' });
    const { id } = await newest();
    const ending = new AbortController();
    const running = jobs().run(id, { signal: ending.signal, lastAttempt: false });
    const ended = running.catch((error: unknown) => error);
    while ((await left()).length === 0) await new Promise((go) => setImmediate(go));
    await stop(id);
    return { id, ending, ended };
  };
  /** The next step writes how far it has come, and asks whether it may go on. */
  const advance = () => void own.house.clock.until(own.house.clock.monotonic() + 3000);

  test('called off: nothing stays, and it is said', async () => {
    const { id, ended } = await half(async (job) => {
      const page = `${own.files}/jobs/${job}`;
      expect((await own.owner.submit(page, {}, `${page}/cancel`)).status).toBe(303);
      advance();
      // More than are unpacked while the page and its form are asked for.
    }, 1000);
    await ended;
    expect(await jobs().find(await siteNow(), id)).toMatchObject({ state: 'cancelled', fault: 'cancelled', staged: null });
    expect(await tree()).toEqual(['a.zip']);
    expect(await left()).toEqual([]);
    expect((await own.owner.get(`${own.files}/jobs/${id}`)).text).toContain('그만두었습니다.');
  });

  test('called off before anybody began: it never begins', async () => {
    await writeFile(own.www('a.zip'), many());
    await send('extract', { path: 'www/a.zip', where: 'new', name: '', conflict: 'skip' });
    const { id } = await newest();
    await own.owner.submit(`${own.files}/jobs/${id}`, {}, `${own.files}/jobs/${id}/cancel`);
    await own.house.work();
    expect(await newest()).toMatchObject({ state: 'cancelled' });
    expect(await tree()).toEqual(['a.zip']);
  });

  test('the site is suspended meanwhile: nothing stays', async () => {
    const { sites } = own.house.panel.doors;
    const site = await siteNow();
    const { id, ended } = await half(async () => {
      await sites.suspend(site, { kind: 'operator' }, 'unpaid');
      advance();
    });
    await ended;
    expect(await jobs().find(site, id)).toMatchObject({ state: 'failed', fault: 'shut' });
    expect(await left()).toEqual([]);
    await sites.resume(site, { kind: 'operator' });
    expect(await tree()).toEqual(['a.zip']);
  });

  const restrictions = () => own.house.panel.doors.accounts.restrictions;
  const kinds = {
    copy: { path: 'www/many', to: 'www/to', conflict: 'skip' },
    extract: { path: 'www/a.zip', where: 'new', name: '', conflict: 'skip' },
    compress: { path: 'www/many', name: 'packed' },
  } as const;

  test.each(Object.keys(kinds) as (keyof typeof kinds)[])(
    'the customer is restricted in the middle (%s): it stops, nothing stays, the page says why, and lifting does not begin it again',
    async (kind) => {
      await writeFile(own.www('a.zip'), many());
      await Promise.all(Array.from({ length: 120 }, (_, at) => own.lay(`many/${at}.txt`, `${at}`)));
      await mkdir(own.www('to'));
      const before = await tree();
      expect((await send(kind, kinds[kind])).status).toBe(303);
      const { id } = await newest();
      const { customerId } = await siteNow();
      let isOver = false;
      const ended = jobs()
        .run(id, { signal: new AbortController().signal, lastAttempt: false })
        .finally(() => {
          isOver = true;
        });
      // Each step writes how far it has come.
      const isIn = async () => (await newest()).bytesDone > 0;
      const untilThen = async (question: () => boolean | Promise<boolean>) => {
        while (!isOver && !(await question())) {
          advance();
          await new Promise((go) => setImmediate(go));
        }
      };
      await untilThen(isIn);
      // The clock goes on meanwhile, so that each file is a step.
      await Promise.all([restrictions().restrict(customerId, 'unpaid'), untilThen(() => false)]);
      await ended;
      try {
        expect(await newest()).toMatchObject({ state: 'failed', fault: 'restricted', staged: null, kept: 0 });
        expect([await tree(), await left()]).toEqual([before, []]);
        expect(await own.house.panel.doors.connection.db.selectFrom('file_acts').selectAll().execute()).toEqual([]);
        const { text } = await own.owner.get(`${own.files}/jobs/${id}`);
        expect(text).toContain('이용이 제한되어 멈추었습니다.');
        expect(text).toContain('아무것도 바뀌지 않았습니다.');
      } finally {
        await restrictions().lift(customerId);
      }
      own.house.clock.advance(3 * minute);
      await own.house.work();
      expect(await newest()).toMatchObject({ state: 'failed', fault: 'restricted' });
      expect(await tree()).toEqual(before);
    },
  );

  test.each(['restricted', 'suspended'] as const)(
    'what waits, or whose worker died, when the customer is %s does not begin once that is over',
    async (how) => {
      await writeFile(own.www('a.zip'), many());
      const site = await siteNow();
      const { connection, sites } = own.house.panel.doors;
      for (const state of ['queued', 'running'] as const) {
        await send('extract', { path: 'www/a.zip', where: 'new', name: '', conflict: 'skip' });
        const { id } = await newest();
        const dead = { state, run_id: 'dead' };
        if (state === 'running')
          await connection.write((tx) => tx.updateTable('file_jobs').set(dead).where('id', '=', id).execute());
        if (how === 'restricted') await restrictions().restrict(site.customerId, 'security');
        else await sites.suspend(site, { kind: 'operator' }, 'security');
        await (how === 'restricted'
          ? enforceCustomer(site.customerId, own.house.panel.doors)
          : enforce(site.id, own.house.panel.doors));
        const fault = how === 'restricted' ? 'restricted' : 'shut';
        if (state === 'queued') expect(await newest()).toMatchObject({ state: 'failed', fault });
        if (how === 'restricted') await restrictions().lift(site.customerId);
        else await sites.resume(site, { kind: 'operator' });
        own.house.clock.advance(3 * minute);
        await own.house.work();
        expect(await newest()).toMatchObject({ state: 'failed', fault, staged: null });
        expect([await tree(), await left()]).toEqual([['a.zip'], []]);
      }
    },
  );

  test('the site moves for longer than the attempts last: it is done once the site is open again', async () => {
    await writeFile(own.www('a.zip'), many());
    await send('extract', { path: 'www/a.zip', where: 'new', name: '', conflict: 'skip' });
    const { connection, sites } = own.house.panel.doors;
    const { id } = await siteNow();
    expect(await connection.write((tx) => sites.freezing.freeze(tx, id))).toBe(true);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await own.house.work();
      own.house.clock.advance(minute);
    }
    expect(await newest()).toMatchObject({ state: 'queued', endedAt: null });
    await connection.write((tx) => sites.freezing.thaw(tx, id));
    own.house.clock.advance(10 * minute);
    await own.house.work();
    expect(await newest()).toMatchObject({ state: 'done', kept: 60 });
  });

  test('the worker is asked to stop: another begins anew and does all of it', async () => {
    const { id, ended } = await half(async () => {}).then(async (begun) => {
      begun.ending.abort(new Error('asked to stop'));
      return begun;
    });
    expect(await ended).toBeInstanceOf(Error);
    expect(await jobs().find(await siteNow(), id)).toMatchObject({ state: 'queued', staged: null });
    expect(await tree()).toEqual(['a.zip']);
    await jobs().run(id, { signal: new AbortController().signal, lastAttempt: false });
    expect((await readdir(own.www('a'))).length).toBe(60);
    expect(await left()).toEqual([]);
  });

  test('two workers have it at once: the first one gives way, and everything is there once', async () => {
    let second: Promise<void> | undefined;
    const { id, ended } = await half(async (job) => {
      second = jobs().run(job, { signal: new AbortController().signal, lastAttempt: false });
      advance();
    });
    await Promise.all([ended, second]);
    expect(await jobs().find(await siteNow(), id)).toMatchObject({ state: 'done', kept: 60 });
    expect((await readdir(own.www())).sort()).toEqual(['a', 'a.zip']);
    expect((await readdir(own.www('a'))).length).toBe(60);
    expect(await left()).toEqual([]);
    expect(await own.house.panel.doors.connection.db.selectFrom('file_acts').selectAll().execute()).toEqual([]);
  });

  test('the worker died while everything lay ready: the next one only puts it in its place', async () => {
    await writeFile(own.www('a.zip'), many());
    await send('extract', { path: 'www/a.zip', where: 'here', name: '', conflict: 'skip' });
    const { id } = await newest();
    const staged = '019a0000-0000-7000-8000-000000000001';
    const place = join(own.house.folder, 'sites', own.site, 'trash', staged);
    await mkdir(place, { recursive: true });
    // Half of it was put in its place before.
    await writeFile(join(place, '1.txt'), '1');
    await own.lay('0.txt', '0');
    await own.house.panel.doors.connection.write((tx) =>
      tx
        .updateTable('file_jobs')
        .set({ state: 'running', step: 'publishing', staged, run_id: 'dead', kept: 2 })
        .where('id', '=', id)
        .execute(),
    );
    await own.house.work();
    expect(await jobs().find(await siteNow(), id)).toMatchObject({ state: 'done', kept: 2, skipped: 0 });
    expect(await tree()).toEqual(['0.txt', '1.txt', 'a.zip']);
    expect(existsSync(place)).toBe(false);
  });

  test('every job has its beginning and its end in the audit', async () => {
    const rows = await own.house.panel.doors.connection.db
      .selectFrom('audit')
      .select(['action', 'subject_id'])
      .where('action', 'in', [
        'files.copying',
        'files.extracting',
        'files.compressing',
        'files.copied',
        'files.extracted',
        'files.compressed',
        'files.jobStopped',
      ])
      .execute();
    const bySubject = Map.groupBy(rows, ({ subject_id }) => subject_id);
    expect(bySubject.size).toBeGreaterThan(20);
    const lonely = [...bySubject.values()].filter((of) => of.length !== 2);
    // Begun and ended, each once; three were removed by the tests above before anybody did them.
    expect(
      lonely
        .flat()
        .map(({ action }) => action)
        .filter((action) => !/ing$/.test(action)),
    ).toEqual([]);
  });

  test('no more than three wait at once', async () => {
    await writeFile(own.www('a.zip'), many());
    const fields = { path: 'www/a.zip', where: 'new', name: '', conflict: 'skip' };
    for (let times = 0; times < 3; times += 1) expect((await send('extract', fields)).status).toBe(303);
    expect((await send('extract', fields)).status).toBe(409);
  });

  test('a stranger finds none of it', async () => {
    await writeFile(own.www('a.zip'), many());
    await send('extract', { path: 'www/a.zip', where: 'new', name: '', conflict: 'skip' });
    const { id } = await newest();
    const stranger = own.owner.another();
    const theirs = await stranger.arrive('stranger@example.com');
    for (const site of [own.site, theirs])
      for (const part of ['', '/state']) expect((await stranger.get(`/sites/${site}/files/jobs/${id}${part}`)).status).toBe(404);
    expect((await stat(own.www('a.zip'))).isFile()).toBe(true);
  });
});
