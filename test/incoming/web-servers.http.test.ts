// A board whose upload takes anything, behind real nginx and Apache with PHP: what is planted through it runs before its folder is protected, and nothing of it afterwards.
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apacheCommon } from '../../src/platform/webserver/apache.ts';
import { nginxCommon } from '../../src/platform/webserver/nginx.ts';
import { addressesOf, board, mark, planted, rightful } from '../support/board.ts';
import { hiddenFields } from '../support/panel.ts';
import { type PhpServers, phpServers, placesOf } from '../support/php-servers.ts';
import { IncomingHouse } from './incoming-house.ts';

let house: IncomingHouse;
let servers: PhpServers;
let proposal: Record<string, unknown>;
const files = planted();
const names = [...files.keys()];

beforeAll(async () => {
  const places = await placesOf();
  house = await IncomingHouse.open({
    webServers: [`nginx:${places.includes.nginx}`, `apache:${places.includes.apache}`],
    webServerReload: [places.reload],
  });
  for (const [name, text] of Object.entries(board)) await house.lay(`www/${name}`, text);
  await mkdir(house.at('www/data/file'), { recursive: true });
  // The web server is another user here, who may write into the folder of the board alone.
  for (const path of [house.test.folder, join(house.test.folder, 'sites'), house.home, house.at('www'), house.at('www/data')])
    await chmod(path, 0o755);
  await chmod(house.at('www/data/file'), 0o777);
  const common = { nginx: nginxCommon, apache: apacheCommon };
  servers = await phpServers({ name: house.site.name, root: house.at('www') }, common, places);
  for (const [name, content] of Object.entries(rightful)) await post(name, content);
});
afterAll(async () => {
  await servers?.close();
  await house?.close();
});

/** Through the board's own form, as any visitor of the site. */
async function post(name: string, content: Buffer): Promise<void> {
  const form = new FormData();
  form.set('name', name);
  form.set('file', new Blob([new Uint8Array(content)]), name);
  const answer = await fetch(`${Object.values(servers.origins)[0]}/write.php`, { method: 'POST', body: form });
  expect(await answer.text()).toBe(`kept ${name}`);
}

/** @returns what ran, by the server it ran on */
async function whatRuns(names: readonly string[]): Promise<Record<string, string[]>> {
  const ran: Record<string, string[]> = {};
  const each = Object.entries(servers.origins).map(async ([server, origin]) => {
    const found = new Set<string>();
    for (const name of names)
      for (const address of addressesOf('data/file', name))
        if ((await (await fetch(origin + address)).text()).includes(mark)) found.add(name);
    ran[server] = [...found];
  });
  await Promise.all(each);
  return ran;
}

/** A server that was told goes on with its old children for a moment. */
async function untilTold(): Promise<void> {
  for (const origin of Object.values(servers.origins))
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await fetch(`${origin}/data/file/a.php`)).status === 403) break;
      await sleep(50);
    }
}

describe('a folder of a board whose upload takes anything', () => {
  test('is proposed for protection while it holds nothing but uploads', async () => {
    const page = await house.visitor.get(`/sites/${house.site.name}/folders`);
    expect(page.text).toContain('/www/data');
    proposal = hiddenFields(page.text, `/sites/${house.site.name}/folders/accept`);
    expect(proposal).toMatchObject({ path: 'www/data', program: 'plain' });
    await house.incoming.protection.search(house.site.id);
    expect((await house.visitor.get('/dashboard')).text).toContain('올린 파일만 있는 폴더 보호하기');
  });

  test('runs what is planted in it, as long as nobody protects it', async () => {
    expect(files.size).toBe(60);
    for (const [name, content] of files) await post(name, content);
    const ran = await whatRuns(names);
    const anywhere = new Set(Object.values(ran).flat());
    expect(anywhere.size).toBeGreaterThanOrEqual(58);
    for (const those of Object.values(ran)) expect(those.length).toBeGreaterThan(30);
  });

  test('runs nothing of it once its owner presses one button, while pictures and the program stay as they were', async () => {
    const pressed = await house.visitor.send(`/sites/${house.site.name}/folders/accept`, proposal as Record<string, string>);
    expect(pressed.status).toBe(303);
    await house.test.work();
    await untilTold();
    expect((await house.visitor.get(`/sites/${house.site.name}/folders`)).text).toContain('웹 서버에');
    const none = Object.fromEntries(Object.keys(servers.origins).map((server) => [server, []]));
    expect(await whatRuns(names)).toEqual(none);
    for (const origin of Object.values(servers.origins)) {
      for (const [name, content] of Object.entries(rightful)) {
        const answer = await fetch(`${origin}/data/file/${encodeURIComponent(name)}`);
        expect(answer.status).toBe(200);
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
        expect(Buffer.from(await answer.arrayBuffer())).toEqual(content);
      }
      expect(await (await fetch(`${origin}/post/안녕?page=2`)).text()).toContain('the program runs: /post/');
      expect((await fetch(`${origin}/data/file/`)).status).toBeGreaterThanOrEqual(403);
    }
  });

  test('has every planted file found, shown and told of, and no other', async () => {
    const found = (await house.findings()).map((line) => line.replace(/^found www\/data\/file\/(.*) \w+$/, '$1'));
    expect(found.sort()).toEqual([...files.keys()].sort());
    const page = await house.visitor.get(`/sites/${house.site.name}/suspicious`);
    expect(page.text).toContain('의심 파일');
    expect(page.text).toContain('60건');
    expect(await house.lettersAbout(/업로드 폴더에 스크립트 60개/)).toHaveLength(1);
    expect((await house.visitor.get('/dashboard')).text).toContain('의심 파일 살펴보기');
  });

  test('runs nothing that comes later either, and tells of it within a minute', async () => {
    await house.watch();
    await post('later.php', files.get('a.php') ?? Buffer.alloc(0));
    await house.watch();
    expect((await house.findings()).at(-1)).toMatch(/^found www\/data\/file\/later\.php /);
    expect(Object.values(await whatRuns(['later.php'])).flat()).toEqual([]);
  });

  test('runs programs again only when its owner turns protection off', async () => {
    const { site, visitor } = house;
    const fields = { reason: 'runs', sure: '1' };
    const off = `/sites/${site.name}/folders/off/www/data`;
    expect((await visitor.submit(off, fields)).status).toBe(303);
    await house.test.work();
    for (let tries = 0; tries < 100 && (await whatRuns(['later.php']))['nginx with PHP-FPM']?.length === 0; tries += 1)
      await sleep(50);
    expect((await whatRuns(['later.php']))['Apache with mod_php']).toEqual(['later.php']);
  });
});
