// Links inside a site lead nowhere, on every page and form of the file manager, in a ZIP, in the trash and in a backup: also while an FTP user swaps a folder for a link and back.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { second } from '../../src/platform/clock.ts';
import { swapping } from '../support/swapping.ts';
import { zipOf } from './made-files.ts';
import { startOwnSite } from './own-site.ts';

const { house, owner, site, files, www, lay } = await startOwnSite();
const outside = join(house.folder, 'outside');
const secret = 'what no page may show';
let token = '';

beforeAll(async () => {
  await mkdir(join(outside, 'deep'), { recursive: true });
  for (const name of ['note.txt', 'keep.txt', 'deep/inner.txt']) await writeFile(join(outside, name), secret, { mode: 0o640 });
  for (const name of ['note.txt', 'deep/inner.txt']) await lay(`d/${name}`, 'mine');
  token = /<meta name="csrf" content="([^"]+)"/.exec((await owner.get(`${files}/www`)).text)?.[1] ?? '';
});
afterAll(() => house.close());

const send = (path: string, fields: Record<string, string | string[]>) =>
  owner.send(`${files}/${path}`, { _csrf: token, ...fields });
const upload = (name: string) => {
  const post = owner.agent.post(`${files}/upload`).set('Origin', house.origin);
  for (const [field, value] of Object.entries({ _csrf: token, to: 'www/d', conflict: 'replace' })) post.field(field, value);
  return post.attach('files', Buffer.from('sent'), { filename: name });
};

/** Everything that the manager does with a path, at the folder that is swapped and below it. */
const acts: Readonly<Record<string, () => PromiseLike<{ status: number; text?: string; body?: unknown }>>> = {
  list: () => owner.get(`${files}/www/d`),
  'list by size': () => owner.get(`${files}/www/d/deep?sort=size`),
  look: () => owner.get(`${files}/www/d/note.txt?do=view`),
  download: () => owner.get(`${files}/www/d/note.txt`),
  'download deeper': () => owner.get(`${files}/www/d/deep/inner.txt`),
  'download what is only outside': () => owner.get(`${files}/www/d/keep.txt`),
  edit: () => owner.get(`${files}/www/d/note.txt?do=edit`),
  search: () => owner.get(`${files}/www?q=inner`),
  'search below': () => owner.get(`${files}/www/d?q=keep`),
  zip: () => owner.get(`${files}/www/d?do=zip`).buffer(true),
  save: () => send('text', { path: 'www/d/note.txt', body: 'mine', etag: createHash('sha256').update('mine').digest('hex') }),
  'new file': () => send('text', { path: 'www/d', name: 'typed.txt', body: 'typed' }),
  'new folder': () => send('folder', { path: 'www/d', name: 'made' }),
  upload: () => upload('keep.txt'),
  'move out of it': () => send('move', { path: 'www/d/keep.txt', to: 'www' }),
  'move into it': () => send('move', { path: 'www/here.txt', to: 'www/d' }),
  rename: () => send('move', { path: 'www/d/keep.txt', to: 'www/d', name: 'kept.txt' }),
  rights: () => send('rights', { path: 'www/d/note.txt', rights: ['owner_read', 'owner_write'] }),
  'throw away': () => send('trash', { path: ['www/d/keep.txt', 'www/d/made'] }),
  delete: () => send('delete', { path: ['www/d/keep.txt'] }),
};

async function untouched(): Promise<void> {
  expect((await readdir(outside)).sort()).toEqual(['deep', 'keep.txt', 'note.txt']);
  expect(await readdir(join(outside, 'deep'))).toEqual(['inner.txt']);
  for (const name of ['note.txt', 'keep.txt', 'deep/inner.txt']) {
    expect(await readFile(join(outside, name), 'utf8')).toBe(secret);
    expect((await lstat(join(outside, name))).mode & 0o777).toBe(0o640);
  }
}

/** What an answer holds, texts and bytes alike. */
const said = ({ text, body }: { text?: string; body?: unknown }) =>
  `${text ?? ''}${Buffer.isBuffer(body) ? body.toString('latin1') : ''}`;

test('through a link that stands there nothing is seen, changed or deleted, by any page or form', async () => {
  await symlink(outside, www('e'));
  const answers = await Promise.all([
    ...['e', 'e?do=zip', 'e/note.txt', 'e/note.txt?do=edit', 'e/deep?q=inner', 'e/note.txt?do=view'].map((path) =>
      owner.get(`${files}/www/${path}`),
    ),
    send('text', { path: 'www/e/note.txt', body: 'typed', etag: '' }),
    send('move', { path: 'www/e/note.txt', to: 'www' }),
    send('folder', { path: 'www/e', name: 'made' }),
  ]);
  for (const answer of answers) {
    expect(answer.status).toBeLessThan(500);
    expect(said(answer)).not.toContain(secret);
  }
  await send('trash', { path: ['www/e/note.txt', 'www/e/deep'] });
  await send('delete', { path: 'www/e/keep.txt' });
  await untouched();
  // The link itself is the customer's: it is what goes, not what it points at.
  expect((await send('delete', { path: 'www/e' })).status).toBe(303);
  expect(await readdir(www())).not.toContain('e');
  await untouched();
});

test('while an FTP user swaps the folder for a link that leads out, no answer shows what lies there, nothing there changes, and nothing is a fault of ours', async () => {
  await lay('here.txt', 'mine');
  const swaps = await swapping({ folder: www('d'), away: www('away'), targets: [outside, '../../../outside'] });
  const statuses = new Map<string, Set<number>>();
  try {
    // Until both were met, or the race would be none: on a slow machine that takes more rounds.
    const met = () => statuses.get('download')?.size ?? 0;
    for (const begun = Date.now(); Date.now() < begun + 4000 || (met() < 2 && Date.now() < begun + 60_000); ) {
      house.clock.advance(second);
      for (const [name, act] of Object.entries(acts)) {
        const answer = await act();
        expect([name, said(answer)]).toEqual([name, expect.not.stringContaining(secret)]);
        statuses.set(name, (statuses.get(name) ?? new Set()).add(answer.status));
      }
      await lay('here.txt', 'mine').catch(() => {});
    }
  } finally {
    await swaps.stop();
  }
  const faults = [...statuses].filter(([, seen]) => [...seen].some((status) => status >= 500));
  expect(faults.map(([name, seen]) => [name, ...seen])).toEqual([]);
  expect([...(statuses.get('download') ?? [])].sort()).toEqual([200, 404]);
  await untouched();
});

test('a backup that is made meanwhile holds nothing of what lies outside', async () => {
  await lay('d/note.txt', 'mine');
  for (let at = 0; at < 300; at += 1) await lay(`d/many/${at}.txt`, 'mine');
  const swaps = await swapping({ folder: www('d'), away: www('away'), targets: [outside] });
  const { backups, sites } = house.panel.doors;
  const found = await sites.byName(site);
  try {
    await backups.makeNow(found, { kind: 'operator' });
    await house.work();
  } finally {
    await swaps.stop();
  }
  const folder = join(house.folder, 'archives', site);
  const archives = (await readdir(folder)).filter((name) => name.endsWith('.zip'));
  expect(archives).toHaveLength(1);
  const { stdout } = await promisify(execFile)('unzip', ['-p', join(folder, archives[0] ?? '')], { maxBuffer: 64 * 1024 * 1024 });
  expect(stdout).toContain('mine');
  expect(stdout).not.toContain(secret);
  await untouched();
});

test('copying, unpacking and packing meanwhile reads nothing that lies outside, and writes nothing there', async () => {
  await lay('own/a.txt', 'mine');
  await lay('own/deep/b.txt', 'mine');
  const parts = ['note.txt', 'keep.txt', 'deep/inner.txt', 'fresh.txt'].map((name) => ({ name, content: 'unpacked' }));
  await writeFile(www('d/pack.zip'), zipOf(parts));
  await mkdir(www('to'));
  const { connection } = house.panel.doors;
  const swaps = await swapping({ folder: www('d'), away: www('away'), targets: [outside, '../../../outside'] });
  const jobs: Readonly<Record<string, [string, Record<string, string>]>> = {
    'copy out of it': ['copy', { path: 'www/d', to: 'www/to', conflict: 'replace' }],
    'copy into it': ['copy', { path: 'www/own', to: 'www/d', conflict: 'replace' }],
    'unpack in it': ['extract', { path: 'www/d/pack.zip', where: 'here', name: '', conflict: 'replace' }],
    'unpack beside it': ['extract', { path: 'www/d/pack.zip', where: 'new', name: 'new', conflict: 'rename' }],
    'pack it': ['compress', { path: 'www/d/note.txt', name: 'packed' }],
  };
  const states = new Set<string>();
  try {
    for (const end = Date.now() + 4000; Date.now() < end; ) {
      for (const [name, [what, fields]] of Object.entries(jobs)) {
        house.clock.advance(second);
        const answer = await send(what, fields);
        expect([name, answer.status < 500]).toEqual([name, true]);
        await house.work();
        for (const { state } of await connection.db.selectFrom('file_jobs').select('state').execute()) states.add(state);
        await connection.write((tx) => tx.deleteFrom('file_jobs').execute());
      }
    }
  } finally {
    await swaps.stop();
  }
  expect([...states]).toEqual(expect.arrayContaining(['done']));
  await untouched();
  for (const { name, parentPath } of (await readdir(www(), { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  ))
    expect([name, (await readFile(join(parentPath, name))).includes(secret)]).toEqual([name, false]);
});
