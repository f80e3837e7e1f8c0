// What companies take from the panel for their own pages, and what the public pages say of the panel's settings and their changes.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkPages, fetchPage } from '../../src/homepage-command.ts';
import type { PanelOptions } from '../../src/options.ts';
import { compensation } from '../../src/orders/orders.ts';
import { createPanel, createWorker } from '../../src/panel.ts';
import { day } from '../../src/platform/clock.ts';
import { headerFaults } from '../gates/answer-headers.ts';
import { testEngine } from '../support/databases.ts';
import { freePort } from '../support/embedding/installed.ts';
import { secret, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { gotgan } from '../support/program.ts';
import { twoTiers } from '../support/two-tiers.ts';

const officer = {
  title: '보안팀장',
  department: '기술본부',
  phone: '02-000-0001',
  email: 'security@example.com',
  since: '2026-03-02',
};
const officers = { security: { ...officer, name: '박지훈' }, privacy: { ...officer, name: '이서연' } };
const processors = [{ name: '보기데이터센터', work: { ko: '서버의 운영', en: 'Running servers' }, country: 'JP' }];

let house: TestPanel;
let site: Server;
let siteUrl: string;
/** what the company's own pages answer, by path */
const answers = new Map<string, { body: string | Buffer; type?: string; status?: number }>();

beforeAll(async () => {
  house = await startPanel({ officers, processors, tiers: twoTiers().tiers, limitsScale: 1000 });
  site = createServer((req, res) => {
    const answer = answers.get(req.url ?? '');
    if (!answer) return;
    res.writeHead(answer.status ?? 200, { 'Content-Type': answer.type ?? 'text/html; charset=utf-8' }).end(answer.body);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});
afterAll(async () => {
  site?.closeAllConnections();
  site?.close();
  await house?.close();
});

const asked = (path: string) => new Visitor(house).agent.get(path);
const html = async (name: string) => (await asked(`/blocks/${name}`)).text;

describe('a block', () => {
  const forms = [
    ['officers', 'text/html'],
    ['backup-location?lang=en', 'text/html'],
    ['backup-notice?plan=forest', 'text/html'],
    ['officers.json', 'application/json'],
    ['sla.js?plan=tree', 'text/javascript'],
  ] as const;
  test.each(forms)(
    '%s comes as %s, for every origin and for caches, without a cookie, and is not sent twice',
    async (name, type) => {
      const answer = await asked(`/blocks/${name}`);
      expect([answer.status, headerFaults(answer, { as: 'block' })]).toEqual([200, []]);
      expect(answer.headers['content-type']).toBe(`${type}; charset=utf-8`);
      const again = await asked(`/blocks/${name}`).set('If-None-Match', answer.headers.etag ?? '');
      expect([again.status, again.text]).toEqual([304, '']);
    },
  );

  test.each([
    ['/blocks/nothing', 404],
    ['/blocks/officers.xml', 404],
    ['/blocks/sla?plan=no-such-plan', 404],
    ['/blocks/officers?lang=fr', 400],
    ['/blocks/sla?plan=tree&plan=seed', 400],
    ['/en/blocks/officers', 404],
  ])('%s is refused with %i, and caches keep nothing of it', async (path, status) => {
    const answer = await asked(path);
    expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store']);
  });

  test('its three forms are of the same version, which is another in another language and for another plan', async () => {
    const json = async (query: string) => JSON.parse((await asked(`/blocks/sla.json${query}`)).text);
    const [korean, english, tree] = [await json(''), await json('?lang=en'), await json('?plan=tree')];
    expect(korean.html).toBe((await html('sla')).trim());
    expect((await asked('/blocks/sla.js')).text).toContain(korean.version);
    expect(new Set([korean.version, english.version, tree.version]).size).toBe(3);
    expect(english.text).toContain('time spent restoring from a backup counts too');
  });

  test('the example of a plan is computed from its fee', async () => {
    const { facts, text } = JSON.parse((await asked('/blocks/sla.json?lang=en')).text);
    const { orders } = house.panel.doors;
    const plans = await orders.plans();
    expect(facts.plans.map(({ exampleWon }: { exampleWon: number }) => exampleWon)).toEqual(
      plans.map(({ priceWon }) => compensation(priceWon, facts.exampleHours, orders.compensation())),
    );
    for (const { exampleWon } of facts.plans) expect(text).toContain(`₩${exampleWon}`);
    const shown = (await new Visitor(house, 'en').get('/plans')).text;
    for (const { exampleWon } of facts.plans) expect(shown).toContain(`₩${exampleWon}`);
  });

  test('says what the pages say: officers, places, the duty in the variant of the plan', async () => {
    for (const { name, phone } of Object.values(officers)) {
      expect(await html('officers')).toContain(name);
      expect(await html('officers')).toContain(phone);
    }
    for (const place of ['가산 데이터센터', '분당 데이터센터', '/backup (www 바로 위)'])
      expect(await html('backup-location')).toContain(place);
    expect(await html('backup-notice')).toContain('백업은 고객께서 직접 하셔야 합니다');
    expect(await html('backup-notice?plan=forest')).toContain('백업 서비스가 포함되어 있습니다');
    expect(await html('backup-notice?lang=en')).toContain('gross negligence');
  });
});

describe('gotgan check --homepage', () => {
  const page = (...parts: string[]) => `<!doctype html><meta charset="utf-8"><body>${parts.join('\n')}`;
  const all = async (query = '') =>
    Promise.all(['officers', 'backup-location', 'backup-notice'].map((name) => html(`${name}${query}`)));
  const check = async (pages: { homepage?: string; product?: string; plan?: string }) => {
    const lines: string[] = [];
    const refused = await checkPages(pages, house.panel.doors, (line) => lines.push(line)).catch((error: Error) => error.message);
    return { lines: lines.join('\n'), refused };
  };

  test('finds what was taken from the panel, in either language, and on a page in EUC-KR', async () => {
    answers.set('/', { body: page(...(await all())) });
    answers.set('/en', { body: page(...(await all('?lang=en'))) });
    for (const path of ['/', '/en']) expect(await check({ homepage: `${siteUrl}${path}` })).toMatchObject({ refused: undefined });
    // Every syllable as a reference: what a page in a small character set does with the others.
    const referenced = (await all()).join('').replace(/[^ -~\s]/gu, (sign) => `&#${sign.codePointAt(0)};`);
    const korean = Buffer.concat([Buffer.from('<meta charset="euc-kr"><p>'), Buffer.from([0xb0, 0xa1]), Buffer.from(referenced)]);
    answers.set('/old', { body: korean, type: 'text/html' });
    expect((await fetchPage(`${siteUrl}/old`)).html).toContain('<p>가');
    expect(await check({ homepage: `${siteUrl}/old` })).toMatchObject({ refused: undefined });
  });

  test('tells apart what is old, what was altered and what is missing', async () => {
    const [own = '', location = '', notice = ''] = await all();
    answers.set('/', { body: page(own.replace('박지훈', '박지흔'), notice) });
    const { lines, refused } = await check({ homepage: siteUrl });
    expect(refused).toMatch(/^2 of 3 blocks/);
    expect(lines).toMatch(/officers +ALTERED.*KHADA 1\.1/);
    expect(lines).toMatch(/backup-location +MISSING.*KHADA 7\.6/);
    expect(lines).toMatch(/backup-notice +current/);
    // A worker announces nothing.
    const other = await createWorker(settings({ officers: { ...officers, privacy: officers.security } }));
    const { html: old } = await other.doors.home.block('officers', 'ko');
    await other.close();
    answers.set('/', { body: page(old, location, notice) });
    expect((await check({ homepage: siteUrl })).lines).toMatch(/officers +STALE/);
  });

  test('asks a product page for the compensation of its plan', async () => {
    const notice = await html('backup-notice?plan=tree');
    answers.set('/tree', { body: page(notice, await html('sla?plan=tree')) });
    expect((await check({ product: `${siteUrl}/tree`, plan: 'tree' })).refused).toBeUndefined();
    expect((await check({ product: `${siteUrl}/tree`, plan: 'forest' })).refused).toMatch(/^2 of 2/);
  });

  test.each<[string, string, Parameters<typeof answers.set>[1] | undefined, RegExp]>([
    ['an address that is none', 'ftp://example.com', undefined, /is no http\(s\) address/],
    ['a page that is not there', '/gone', { body: 'x', status: 404 }, /was answered with 404/],
    ['a picture', '/picture', { body: 'x', type: 'image/png' }, /is no HTML but "image\/png"/],
    ['a page without end', '/long', { body: Buffer.alloc(5 * 1024 * 1024, 'x') }, /is longer than 4 MiB/],
    ['a character set that nobody knows', '/odd', { body: 'x', type: 'text/html; charset=klingon' }, /"klingon" is not known/],
  ])('refuses %s in words', async (_what, address, answer, form) => {
    if (answer) answers.set(address, answer);
    await expect(fetchPage(answer ? `${siteUrl}${address}` : address)).rejects.toThrow(form);
  });

  test('refuses a server that is silent, and one that is not there', async () => {
    await expect(fetchPage(`${siteUrl}/silent`, 200)).rejects.toThrow(/did not answer within 0\.2 s/);
    await expect(fetchPage(`http://127.0.0.1:${await freePort()}/`)).rejects.toThrow(/cannot be read \(ECONNREFUSED\)/);
  });
});

/** Of a panel on the same data with other settings, as after a change and a restart. */
const settings = (options: Partial<PanelOptions>): PanelOptions => ({
  ...{ publicUrl: house.origin, secret, dataFolder: house.folder, databaseUrl: house.databaseUrl, logLevel: 'silent' },
  ...{ passwordCost: 'm=19456,t=2,p=1', officers, tiers: twoTiers().tiers, clock: house.clock },
  ...options,
});

/** At the same moment, where that can be done in one process: SQLite would wait for itself. */
async function startTwice(options: Partial<PanelOptions>): Promise<void> {
  const start = async () => (await createPanel(settings(options))).close();
  if (testEngine === 'postgresql') await Promise.all([start(), start()]);
  else for (const one of [start, start]) await one();
}

describe('what was announced', () => {
  const rows = () => house.panel.doors.connection.db.selectFrom('announcements').selectAll().orderBy('id').execute();

  test('has a dated row once, however many processes start, and another when something changes', async () => {
    const before = await rows();
    await startTwice({});
    expect(await rows()).toEqual(before);

    house.clock.advance(30 * day);
    const changes = { backupAt: '04:30', keepDaily: 14, tiers: () => [], officers: { ...officers, privacy: officers.security } };
    await startTwice(changes);
    expect((await rows()).length).toBe(before.length + 2);
    const page = (await new Visitor(house, 'en').get('/backup-location')).text;
    for (const words of ['03:00 → 04:30', '7 → 14 days', '가산 데이터센터 → Not kept yet', '22 Dec 2026', 'First announced.'])
      expect(page).toContain(words);
    const people = (await new Visitor(house).get('/officers')).text;
    expect(people).toContain('개인정보 보호 담당자(보호책임자): 정보가 바뀌었습니다(지정일 2026-03-02).');
  });

  test('keeps no name, and cannot be altered or removed', async () => {
    expect(JSON.stringify((await rows()).filter(({ subject }) => subject === 'officers'))).not.toMatch(/박지훈|이서연|security@/);
    const { owner } = house.panel.doors.connection;
    for (const act of ["update announcements set said = '{}'", 'delete from announcements'])
      await expect(sql.raw(act).execute(owner)).rejects.toThrow(/rows are only added/);
  });
});

test('the privacy page states what the panel is set to, who is entrusted, and the policy in force', async () => {
  const page = (await new Visitor(house, 'en').get('/privacy')).text;
  for (const words of [
    'after 30 minutes without use, or after 12 hours',
    '365 days',
    'Running servers',
    'transferred abroad',
    '이서연',
  ])
    expect(page).toContain(words);
  expect(page).toContain('Resident registration numbers');
  expect((await new Visitor(house).get('/')).text).toContain('href="/privacy"');
});

test('in production a panel that is not ready does not start, and says why with clauses', async () => {
  const environment = { NODE_ENV: 'production', PUBLIC_URL: 'https://panel.example.com', PORT: String(await freePort()) };
  const program = gotgan(['serve'], { folder: house.folder, environment: { ...environment, DATA_DIR: 'live' } });
  const { code, err } = await program.ended;
  expect(code).toBe(1);
  expect(err.trim().split('\n')).toEqual([
    expect.stringMatching(/^OFFICERS: .*KHADA 1\.1/),
    expect.stringMatching(/^SHORT_TERM_URL: .*KHADA 7\.6/),
    expect.stringMatching(/^LONG_TERM_URL: .*KHADA 7\.6/),
  ]);
});
