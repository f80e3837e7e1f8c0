// What can be done at once with a file that was not uploaded: on the page of results without JavaScript, and told to the script.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';
import { foldingHost } from './folding-disk.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
let files: string;
const lines: { first: Record<string, unknown>; text: string }[] = [];
const note = (first: unknown, text: unknown) => void lines.push({ first: first as Record<string, unknown>, text: String(text) });
const t = (key: string) => String(catalogues.ko[key]);
const www = (...path: string[]) => join(house.folder, 'sites', site, 'www', ...path);

beforeAll(async () => {
  const log = { debug: note, info: note, warn: note, error: note };
  house = await startPanel({ limitsScale: 1000, log: log as never });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  files = `/sites/${site}/files`;
});
afterAll(() => house?.close());
beforeEach(() => house.clock.advance(1000));
afterEach(async () => {
  for (const name of await readdir(www())) await rm(www(name), { recursive: true, force: true });
});

type Act = { act: string; text: string; name: string; conflict: string };
type Row = { file: string; result: string; code: string | null; reason: string; acts: Act[] };
const rowsAt = async (location = '') => (await owner.get(location).set('Accept', 'application/json')).body.files as Row[];
const send = (name: string, body: string, fields: Record<string, string> = {}) => owner.upload(site, [{ name, body }], fields);

/** Uploads, and follows the link of an act on the page of its results to a form. @returns its page */
async function follow(name: string, act: string, fields: Record<string, string> = {}) {
  const { headers } = await send(name, 'mine', fields);
  const location = headers.location ?? '';
  const [row] = await rowsAt(location);
  const wanted = row?.acts.find((one) => one.act === act);
  const { text } = await owner.get(location);
  const links = [
    ...text.matchAll(/<a class="button[^"]*" href="([^"]*upload\?to=[^"]*name=[^"]*)"><span>([^<]*)<span class="vh">, ([^<]*)</g),
  ];
  const link = links.find(([, , label = '']) => unescaped(label) === wanted?.text);
  // Its name says which file it is about.
  expect(unescaped(link?.[3] ?? '')).toBe(row?.file);
  return unescaped(link?.[1] ?? '');
}

/** Fills in the form of a link: one file, whatever it is called on the computer. */
async function choose(page: string, body: string, chosen = 'whatever.bin') {
  const hidden = await owner.hidden(page, `${files}/upload`);
  const post = owner.agent.post(`${files}/upload`).set('Origin', house.origin);
  for (const [name, value] of Object.entries(hidden)) post.field(name, String(value));
  const { headers } = await post.attach('files', Buffer.from(body), { filename: chosen });
  return (await rowsAt(headers.location))[0];
}

describe('without JavaScript the form for one file comes with everything chosen', () => {
  test('a name that cannot be stored: the server names one that would do', async () => {
    const page = await follow('a/왜? 그래서:.txt', 'safe', { to: 'www' });
    const { text } = await owner.get(page);
    expect(text).toContain('a/왜_ 그래서_.txt');
    expect(text).toContain(t('files.again.how'));
    expect(await choose(page, 'mine', '왜.txt')).toMatchObject({ file: 'a/왜_ 그래서_.txt', result: 'stored' });
    expect(await readFile(www('a', '왜_ 그래서_.txt'), 'utf8')).toBe('mine');
  });

  test('a name that is only a case away from another: it may stand beside it', async () => {
    await writeFile(www('Index.html'), 'theirs');
    const page = await follow('index.html', 'beside');
    expect((await owner.get(page)).text).toContain(t('files.again.beside'));
    expect((await choose(page, 'mine'))?.result).toBe('stored');
    expect([await readFile(www('Index.html'), 'utf8'), await readFile(www('index.html'), 'utf8')]).toEqual(['theirs', 'mine']);
    // Once more it is there, and skipped as every name that is taken.
    expect(await choose(page, 'newer')).toMatchObject({ result: 'skipped', code: 'exists' });
    expect(await readFile(www('index.html'), 'utf8')).toBe('mine');
    // Nothing new stands beside the other when it is replaced.
    expect((await rowsAt((await send('index.html', 'newest', { conflict: 'replace' })).headers.location))[0]?.result).toBe(
      'replaced',
    );
    expect((await preflight([{ path: 'index.html', bytes: 4, changedAt: 0 }]))[0]?.state).toBe('exists');
    expect([await readFile(www('Index.html'), 'utf8'), await readFile(www('index.html'), 'utf8')]).toEqual(['theirs', 'newest']);
  });

  test('a name that is taken: it is replaced, or both are kept', async () => {
    await writeFile(www('news.txt'), 'theirs');
    const both = await follow('news.txt', 'rename');
    expect(await choose(both, 'mine')).toMatchObject({ result: 'renamed' });
    expect((await readdir(www())).sort()).toEqual(['news (2).txt', 'news.txt']);
    const instead = await follow('news.txt', 'replace');
    expect((await choose(instead, 'mine'))?.result).toBe('replaced');
    expect(await readFile(www('news.txt'), 'utf8')).toBe('mine');
  });

  test('a folder of that name is never replaced', async () => {
    await mkdir(www('news.txt'));
    const [row] = await rowsAt((await send('news.txt', 'mine')).headers.location);
    expect(row?.acts.map(({ act }) => act)).toEqual(['rename']);
  });
});

test('both sides of a taken name are told, with size and time', async () => {
  await writeFile(www('news.txt'), 'x'.repeat(1234));
  const [row] = await rowsAt((await send('news.txt', 'mine')).headers.location);
  expect(row?.reason).toMatch(/있는 파일 1\.23\u00a0kB, \d{4}년 .+ · 올리는 파일 4\u00a0B\./);
  const [foreseen] = await preflight([{ path: 'news.txt', bytes: 4, changedAt: Date.parse('2026-11-20T01:02:00Z') }]);
  expect(foreseen).toMatchObject({ state: 'exists' });
  expect(foreseen?.skipped).toMatch(/있는 파일 1\.23\u00a0kB, \d{4}년 .+ · 올리는 파일 4\u00a0B, 2026년 11월 20일 10:02\./);
  expect(foreseen?.acts.map(({ act, conflict, name }) => [act, conflict, name])).toEqual([
    ['replace', 'replace', 'news.txt'],
    ['rename', 'rename', 'news.txt'],
  ]);
});

type Foreseen = { state: string; code?: string; skipped?: string; acts: Act[] };
async function preflight(list: readonly object[]): Promise<Foreseen[]> {
  const { text } = await owner.get(`${files}/upload`);
  const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
  const headers = { Origin: house.origin, 'X-CSRF-Token': csrf, Accept: 'application/json' };
  return (await owner.agent.post(`${files}/preflight`).set(headers).send({ to: 'www', files: list })).body.files;
}

test('letters in one piece and in two never stand side by side, whatever is asked', async () => {
  const typed = '사진 한글.txt';
  await writeFile(www(typed.normalize('NFD')), 'theirs');
  await writeFile(www('Strand❤️.txt'), 'theirs');
  // On the disk the same name in two pieces is that very name here: taken, and nothing can stand beside it.
  const [taken] = await rowsAt((await send(typed, 'mine', { conflict: 'beside' })).headers.location);
  expect([taken?.code, taken?.result]).toEqual(['exists', 'skipped']);
  const [row] = await rowsAt((await send('Strand❤.txt', 'mine', { conflict: 'beside' })).headers.location);
  expect([row?.code, row?.acts]).toEqual(['name_case_clash', []]);
  const [foreseen] = await preflight([{ path: 'Strand❤.txt', bytes: 4, changedAt: 0, conflict: 'beside' }]);
  expect([foreseen?.code, foreseen?.acts]).toEqual(['name_case_clash', []]);
  expect(await readdir(www())).toHaveLength(2);
});

test('what differs in its case alone is let through before a byte is sent once it was chosen', async () => {
  await writeFile(www('LOGO.png'), 'x');
  const asked = { path: 'logo.png', bytes: 4, changedAt: 0 };
  const [before] = await preflight([asked]);
  expect([before?.code, before?.acts.map(({ act }) => act)]).toEqual(['name_case_clash', ['beside']]);
  expect((await preflight([{ ...asked, conflict: 'beside' }]))[0]?.state).toBe('new');
  expect(await preflight([{ ...asked, conflict: 'anything' }])).toBeUndefined();
});

test('a safe name is offered only where the whole policy lets it through', async () => {
  const actsOf = async (path: string) => (await preflight([{ path, bytes: 4, changedAt: 0 }]))[0]?.acts.map(({ name }) => name);
  expect(await actsOf('q?/b*.txt')).toEqual(['q_/b_.txt']);
  expect(await actsOf('shell?.php')).toEqual([]);
  expect(await actsOf('a\\b.jpg')).toEqual(['a_b.jpg']);
  expect(await actsOf('../up?.txt')).toEqual([]);
});

test('a name of the form is one file’s alone, and meets the policy as any other', async () => {
  const several = [0, 1].map((at) => ({ name: `${at}.txt`, body: 'x' }));
  expect((await owner.upload(site, several, { name: 'one.txt' })).status).toBe(400);
  expect((await readdir(www())).length).toBe(0);
  for (const [name, code] of [
    ['x.php', 'type_not_allowed'],
    ['../out.txt', 'path_outside'],
    ['.htaccess', 'type_not_allowed'],
  ] as const)
    expect((await rowsAt((await send('good.txt', 'x', { name })).headers.location))[0]?.code, name).toBe(code);
  // A link that somebody wrote themselves asks for nothing.
  const { text } = await owner.get(`${files}/upload?to=www&name=x.php&conflict=replace`);
  expect(text).not.toContain(t('files.again.how'));
});

test('what our storage failed at is told with a number that stands in the log', async () => {
  const { connection, sites } = house.panel.doors;
  const { serverId } = await sites.byName(site);
  const putOn = (server: string) =>
    connection.write((tx) => tx.updateTable('sites').set({ server_id: server }).where('name', '=', site).execute());
  const page = `${files}/upload`;
  const hidden = await owner.hidden(page, page);
  await putOn('no server has this id');
  const post = owner.agent.post(page).set({ Origin: house.origin, Accept: 'application/json' });
  for (const [name, value] of Object.entries(hidden)) post.field(name, String(value));
  const { body } = await post.attach('files', Buffer.from('mine'), { filename: 'a.txt' });
  await putOn(serverId);
  const [row] = body.files as Row[];
  expect([row?.code, row?.acts.map(({ act }) => act)]).toEqual(['disk_error', ['again']]);
  const ref = /문의 번호 ([0-9a-f]{8})$/.exec(row?.reason ?? '')?.[1];
  expect(lines.filter(({ first, text }) => text === 'not stored' && first.ref === ref)).toHaveLength(1);
  expect((await choose(`${files}/upload?to=www&name=${row?.acts[0]?.name}&conflict=skip`, 'mine'))?.result).toBe('stored');
});

test('storage that takes both cases for one name keeps what is there, whatever is asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-folding-'));
  const other = await startPanel({ limitsScale: 1000, siteHost: foldingHost(join(folder, 'open'), join(folder, 'closed')) });
  try {
    const visitor = new Visitor(other);
    const name = await visitor.arrive('folding@example.com');
    for (const [file, body] of [
      ['Index.html', 'theirs'],
      ['index.html', 'mine'],
    ] as const)
      await visitor.upload(name, [{ name: file, body }], { conflict: 'beside' });
    const { headers } = await visitor.upload(name, [{ name: 'INDEX.html', body: 'mine' }], { conflict: 'beside' });
    const { body } = await visitor.get(headers.location ?? '').set('Accept', 'application/json');
    expect((body.files as Row[]).map(({ code, acts }) => [code, acts])).toEqual([['name_case_clash', []]]);
    expect(await readdir(join(folder, 'open', name, 'www'))).toEqual(['Index.html']);
    expect(await readFile(join(folder, 'open', name, 'www', 'Index.html'), 'utf8')).toBe('theirs');
  } finally {
    await other.close();
    await rm(folder, { recursive: true, force: true });
  }
});
