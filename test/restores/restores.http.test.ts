// The pages of restores in words: choosing, preview, confirmation, progress and undoing, in both languages, without JavaScript.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hour } from '../../src/platform/clock.ts';
import { Visitor } from '../support/panel.ts';
import { furnish, openWorld, owner, type World } from './world.ts';

let world: World;
let id: string;

beforeAll(async () => {
  world = await openWorld();
  await furnish(world.place);
  ({ id } = await world.backup());
});
afterAll(() => world?.house.close());

const index = () => readFile(world.place('www/index.html'), 'utf8');
const asked = (more: Record<string, string>) => new URLSearchParams(more).toString();

describe.each(['ko', 'en'] as const)('in %s', (language) => {
  const own = language === 'ko' ? '' : '/en';
  const top = () => `/sites/${world.name}/backups/${id}/restoration`;
  let visitor: Visitor;
  const signedIn = async () => {
    visitor = new Visitor(world.house, language);
    await visitor.logIn(owner);
    return visitor;
  };

  test('one file comes back through three plain pages, and goes again by one click', async () => {
    await signedIn();
    await writeFile(world.place('www/index.html'), 'broken');
    const backup = await visitor.get(`/sites/${world.name}/backups/${id}`);
    expect(backup.text).toContain(`href="${own}${top()}"`);
    const first = await visitor.get(top());
    expect(first.text).toContain('value="www/index.html"');
    expect(first.text).toContain('value="www/board"');
    const query = asked({ scope: 'paths', paths: 'www/index.html', dest: 'in_place', mode: 'keep_new' });
    const preview = await visitor.get(`${top()}/preview?${query}`);
    expect(preview.text).toContain('/www/index.html');
    expect(preview.text).toContain(language === 'ko' ? '덮어씀' : 'Overwritten');
    expect(preview.text).toContain(`${own}${top()}/confirmation?`);
    expect(await index()).toBe('broken');
    const confirm = await visitor.get(`${top()}/confirmation?${query}`);
    expect(confirm.text).toContain(language === 'ko' ? '파일 1개 덮어씀' : '1 files overwritten');
    const begun = await visitor.submit(`${top()}/confirmation?${query}`, {}, top());
    expect(begun.status).toBe(303);
    const page = String(begun.headers.location).replace(/^\/en(?=\/)/, '');
    expect((await visitor.get(page)).text).toContain('data-job=');
    expect((await visitor.get(`${page}/state`)).body).toMatchObject({ finished: false });
    expect((await visitor.get(`${top()}/preview?${query}`)).text).toContain(`${own}${page}`);
    await world.house.work();
    expect(await index()).toBe('<h1>처음</h1>\n');
    const done = await visitor.get(page);
    expect(done.text).toContain(language === 'ko' ? '복원했습니다. 파일 1개가 바뀌었습니다.' : 'Restored. Files changed: 1.');
    expect((await visitor.get(`${page}/state`)).body).toMatchObject({ finished: true, failed: false });
    const undone = await visitor.submit(page, {}, `${page}/undo`);
    expect(undone.status).toBe(303);
    await world.house.work();
    expect(await index()).toBe('broken');
    expect((await visitor.get(page)).text).not.toContain('/undo"');
    const list = await visitor.get(`/sites/${world.name}/backups/restorations`);
    expect(list.text).toContain(language === 'ko' ? '되돌림' : 'Undone');
    expect(list.text).toContain(`${own}${page}`);
    const again = await visitor.send(`${page}/undo`, await visitor.hidden(`/sites/${world.name}/backups`, '/logout'));
    expect(again.status).toBe(410);
  });

  test('what cannot be done is said on the first page, with what was chosen', async () => {
    await signedIn();
    const wrong = await visitor.get(`${top()}/preview?${asked({ scope: 'paths', paths: '', dest: 'in_place' })}`);
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain(language === 'ko' ? '하나 이상 골라 주세요' : 'one file or folder at least');
    expect(wrong.text).toMatch(/value="in_place" checked/);
    for (const path of ['etc/passwd', 'www/../../x', 'www/a\0b', '/', 'www'])
      expect((await visitor.get(`${top()}/preview?${asked({ scope: 'paths', paths: path })}`)).status).toBe(422);
    expect((await visitor.get(`${top()}/preview?${asked({ scope: 'db' })}`)).status).toBe(422);
    expect((await visitor.get(`${top()}/preview?scope=everything`)).status).toBe(422);
    const missing = await visitor.get(`${top()}/preview?${asked({ scope: 'paths', paths: 'www/never.txt' })}`);
    expect(missing.text).toContain('/www/never.txt');
    expect(missing.text).not.toContain('/confirmation?');
  });

  test('a site that changed after the preview is shown anew, and nothing was done', async () => {
    await signedIn();
    const query = asked({ scope: 'all', dest: 'in_place', mode: 'exact' });
    const fields = await visitor.hidden(`${top()}/confirmation?${query}`, top());
    await mkdir(world.place('www', `new-${language}`));
    await writeFile(world.place('www', `new-${language}/a.txt`), 'a');
    const answer = await visitor.send(top(), fields);
    expect([answer.status, answer.headers.location]).toEqual([303, `${own}${top()}/preview?${query}`]);
    const shown = await visitor.get(`${top()}/preview?${query}`);
    expect(shown.text).toContain(language === 'ko' ? '아직 아무것도 바꾸지 않았습니다' : 'Nothing was done');
    expect(shown.text).toContain(`/www/new-${language}/a.txt`);
    expect(await index()).toBe('broken');
  });

  test('a sign-in that is not fresh is asked for again before anything is restored or undone', async () => {
    await signedIn();
    const query = asked({ scope: 'all', dest: 'in_place', mode: 'keep_new' });
    const fields = await visitor.hidden(`${top()}/confirmation?${query}`, top());
    world.house.clock.advance(hour / 3);
    expect((await visitor.get(`${top()}/confirmation?${query}`)).headers.location).toContain('/confirm?next=');
    expect((await visitor.send(top(), fields)).headers.location).toContain('/confirm?next=');
    expect(await world.doors.restores.list(await world.site(), 1)).not.toMatchObject([{ endedAt: null }]);
  });
});

test('a stranger, and a backup or restore that is not there, get nothing', async () => {
  const stranger = new Visitor(world.house);
  const site = await stranger.arrive('stranger@example.com');
  const [restore] = await world.doors.restores.list(await world.site(), 1);
  const paths = [
    `/sites/${world.name}/backups/${id}/restoration`,
    `/sites/${site}/backups/${id}/restoration`,
    `/sites/${site}/backups/restorations/${restore?.id}`,
    `/sites/${site}/backups/restorations/${restore?.id}/state`,
  ];
  for (const path of paths) expect([path, (await stranger.get(path)).status]).toEqual([path, 404]);
  const token = await stranger.hidden(`/sites/${site}/backups`, '/logout');
  const wanted = { scope: 'all', dest: 'in_place', mode: 'exact', plan_hash: '0'.repeat(64) };
  for (const path of [`/sites/${site}/backups/${id}/restoration`, `/sites/${site}/backups/restorations/${restore?.id}/undo`])
    expect([path, (await stranger.send(path, { ...token, ...wanted })).status]).toEqual([path, 404]);
});
