// A year of who did what: on pages, by person and kind, and as a file for a dispute.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, endOfDay, hour } from '../../src/platform/clock.ts';
import { csvLine } from '../../src/platform/csv.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { invite } from './guests.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
let developer: Visitor;
let developerId: string;
const email = 'developer@example.com';

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, trustProxy: 'loopback' });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  await invite(house, owner, { email, sites: site });
  developer = new Visitor(house);
  developer.agent.set({
    'X-Forwarded-For': '203.0.113.7',
    'User-Agent': 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36',
  });
  const link = await developer.linkFor(email, '/invitations/');
  // A name that a spreadsheet would calculate.
  await developer.submit(link, { password, name: '=HYPERLINK("http://evil.example")', age_14: '1', agree_terms: '1' });
  // Of rows of one moment any may be the newest.
  house.clock.advance(1000);
  await developer.upload(site, [{ name: 'index.html', body: '<p>by a developer' }]);
  developerId = (await house.panel.doors.accounts.byLoginName(email))?.id ?? '';
});
afterAll(() => house?.close());

const rowsOf = (text: string) => text.split('<tr>').slice(2);

describe('the history of a customer', () => {
  test('shows the owner person, act, site, time and address', async () => {
    const { text } = await owner.get('/account/history');
    const row = rowsOf(text).find((one) => one.includes('파일 1개를 올림')) ?? '';
    for (const part of ['HYPERLINK', site, '203.0.113.7', 'Chrome', 'datetime="2026-11-22T']) expect(row).toContain(part);
  });

  test('is filtered by person and kind', async () => {
    const ofDeveloper = rowsOf((await owner.get(`/account/history?person=${developerId}`)).text);
    expect(ofDeveloper.length).toBeGreaterThan(1);
    expect(ofDeveloper.every((row) => row.includes('HYPERLINK'))).toBe(true);
    const files = rowsOf((await owner.get(`/account/history?person=${developerId}&kind=files`)).text);
    expect(files).toHaveLength(1);
    expect((await owner.get('/account/history?person=nobody')).status).toBe(404);
    expect((await owner.get('/account/history?kind=nothing&page=-1')).status).toBe(200);
  });

  test('shows everybody else their own acts, and never those of the owner', async () => {
    const { text } = await developer.get('/account/history');
    expect(rowsOf(text).length).toBeGreaterThan(1);
    expect(text).not.toContain('owner@example.com');
    expect(text).not.toContain('서비스를 신청함');
    const { id } = (await house.panel.doors.accounts.byLoginName('owner@example.com')) ?? {};
    expect((await developer.get(`/account/history?person=${id}`)).status).toBe(404);
    expect((await developer.get('/account/history/export')).text).not.toContain('owner@example.com');
    expect((await developer.get('/dashboard')).text).not.toContain('서비스를 신청했습니다');
  });

  test('tells who did it on the dashboard, once there are several people', async () => {
    const row = /<span>파일 1개를 올렸습니다[\s\S]*?<\/li>/.exec((await owner.get('/dashboard')).text)?.[0] ?? '';
    expect(row).toContain('HYPERLINK');
  });

  test('keeps acts at one customer from the owner of another', async () => {
    const other = new Visitor(house);
    const theirs = await other.arrive('other@example.com');
    await invite(house, other, { email, sites: theirs });
    await developer.submit(await developer.linkFor(email, '/invitations/'), {});
    await developer.upload(theirs, [{ name: 'secret-plan.txt', body: 'for somebody else' }]);
    const rows = rowsOf((await owner.get(`/account/history?person=${developerId}&kind=files`)).text);
    expect(rows).toHaveLength(1);
    expect((await other.get(`/account/history?person=${developerId}&kind=files`)).text).not.toContain(site);
    const back = /name="customer" value="([^"]+)"/.exec((await developer.get('/account/customers')).text)?.[1] ?? '';
    await developer.submit('/account/customers', { customer: back });
  });
});

describe('the file for a dispute', () => {
  test('holds time, act and address of one person, opens in Korean Excel, and calculates nothing', async () => {
    const answer = await owner.get(`/account/history/export?person=${developerId}`).buffer(true);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toContain('attachment; filename="history-20261122.csv"');
    expect(answer.text.startsWith('\uFEFF"시각","시각(UTC)","사람"')).toBe(true);
    const lines = answer.text.trimEnd().split('\r\n').slice(1);
    expect(lines.length).toBeGreaterThan(2);
    const upload = lines.find((line) => line.includes('"files.uploaded"')) ?? '';
    for (const part of [`"'=HYPERLINK(""http://evil.example"")"`, `"${email}"`, `"${site}"`, '"203.0.113.7"', '"2026-11-22T03:'])
      expect(upload).toContain(part);
    // Theirs, or about them: the owner's export of these very lines.
    expect(lines.filter((line) => !line.includes(email)).every((line) => line.includes('HYPERLINK'))).toBe(true);
    expect((await owner.get('/account/history?kind=people')).text).toContain('활동 기록을 파일로 받음');
  });

  test('holds all of it, however many there are, oldest first', async () => {
    const { connection, audit } = house.panel.doors;
    const { customer_id: customerId } = await connection.db
      .selectFrom('sites')
      .selectAll()
      .where('name', '=', site)
      .executeTakeFirstOrThrow();
    for (let portion = 0; portion < 13; portion += 1) {
      house.clock.advance(1000);
      await connection.write(async (tx) => {
        for (let one = 0; one < 100; one += 1) {
          const details = { count: portion * 100 + one };
          await audit.record(tx, {
            action: 'files.removed',
            actor: { kind: 'person', personId: developerId },
            customerId,
            details,
          });
        }
      });
    }
    const { text } = await owner.get(`/account/history/export?person=${developerId}&kind=files`).buffer(true);
    const counts = [...text.matchAll(/폴더 (\d+)개를 지움/g)].map(([, count]) => Number(count));
    expect(new Set(counts).size).toBe(1300);
    expect(counts[0]).toBeLessThan(100);
    expect(counts.at(-1)).toBeGreaterThanOrEqual(1200);

    const first = (await owner.get(`/account/history?kind=files`)).text;
    expect(first).toContain('1 / 27쪽');
    expect(rowsOf(first)).toHaveLength(50);
    const seen = new Set<string>();
    for (let page = 1; page <= 27; page += 1) {
      const { text: one } = await owner.get(`/account/history?kind=files&page=${page}`);
      for (const [, count = ''] of one.matchAll(/폴더 (\d+)개를 지움/g)) seen.add(count);
    }
    expect(seen.size).toBe(1300);
  });

  test.each([
    ['=1+1', `"'=1+1"`],
    ['+82 10', `"'+82 10"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    [' =1', `"' =1"`],
    ['\uff1d1', `"'\uff1d1"`],
    ['a "quoted", one', '"a ""quoted"", one"'],
    ['2026-11-22', '"2026-11-22"'],
    ['', '""'],
  ])('a cell %j is written as %s', (cell, written) => {
    expect(csvLine([cell])).toBe(`${written}\r\n`);
  });
});

describe('one year', () => {
  test('is shown, no longer; addresses go after it and the acts stay, though nobody sees them', async () => {
    const { db } = house.panel.doors.connection;
    const count = async (table: 'audit' | 'audit_personal') => (await db.selectFrom(table).select('id').execute()).length;
    const [acts, addresses] = [await count('audit'), await count('audit_personal')];
    expect(addresses).toBeGreaterThan(10);
    house.clock.advance(364 * day);
    await house.panel.doors.people.forget();
    expect([await count('audit'), await count('audit_personal')]).toEqual([acts, addresses]);
    house.clock.advance(2 * day);
    await house.panel.doors.people.forget();
    expect([await count('audit'), await count('audit_personal')]).toEqual([acts, 0]);
    await owner.logIn('owner@example.com');
    const rows = rowsOf((await owner.get('/account/history')).text);
    expect(rows).toHaveLength(1);
    expect(rowsOf((await owner.get('/account/security/history')).text)).toHaveLength(1);
  });

  test('can be cut short by nobody', async () => {
    const { connection } = house.panel.doors;
    await expect(connection.write((tx) => tx.deleteFrom('audit').execute())).rejects.toThrow();
  });

  test('of one’s own sign-ins stands on pages of its own', async () => {
    for (let times = 0; times < 60; times += 1) {
      house.clock.advance(hour / 60);
      const hidden = await owner.hidden('/login');
      await owner.send('/login', { ...hidden, email: 'owner@example.com', password });
    }
    const { text } = await owner.get('/account/security/history');
    expect(rowsOf(text)).toHaveLength(50);
    expect(text).toContain('rel="next"');
    expect((await owner.get('/account/security')).text).toContain('/account/security/history');
  });
});

test.each([
  ['2026-11-22', 'Asia/Seoul', '2026-11-22T15:00:00.000Z'],
  ['2026-12-31', 'UTC', '2027-01-01T00:00:00.000Z'],
  ['2026-03-08', 'America/Los_Angeles', '2026-03-09T07:00:00.000Z'],
  ['2026-11-22', 'Pacific/Kiritimati', '2026-11-22T10:00:00.000Z'],
  ['2026-11-22', 'Asia/Kathmandu', '2026-11-22T18:15:00.000Z'],
])('the day %s ends in %s at %s', (localDay, zone, end) => {
  expect(new Date(endOfDay(localDay, zone)).toISOString()).toBe(end);
});
