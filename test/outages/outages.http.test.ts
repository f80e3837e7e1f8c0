// Outages on a real panel: recorded at a terminal, reached by server and site, told by letter, shown with their sum, exported for bills.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandRefused } from '../../src/import-commands.ts';
import { outageCommands } from '../../src/outage-commands.ts';
import { day, hour, minute } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';

let house: TestPanel;
let folder: string;
let one: Visitor;
let other: Visitor;
const site: Record<'one' | 'other', string> = { one: '', other: '' };

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  folder = await mkdtemp(join(tmpdir(), 'gotgan-outages-'));
  [one, other] = [new Visitor(house), new Visitor(house)];
  site.one = await one.arrive('one@example.com', { plan: 'tree' });
  site.other = await other.arrive('other@example.com', { plan: 'seed' });
});
afterAll(async () => {
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

async function gotgan(act: string, ...args: string[]): Promise<string> {
  const said: string[] = [];
  await outageCommands[act]?.(
    args,
    (run) => run(house.panel),
    (line) => said.push(line),
  );
  return said.join('\n');
}
const refused = (act: string, ...args: string[]) =>
  gotgan(act, ...args).then(
    () => 'it was not refused',
    (error) => (error instanceof CommandRefused ? error.message : `${error}`),
  );
const iso = (at: number) => new Date(at).toISOString();
const ago = (milliseconds: number) => iso(house.clock.now() - milliseconds);
const idOf = (said: string) => said.split(':')[0] ?? '';
const page = async (visitor: Visitor) => {
  if (visitor.language === 'ko') await visitor.logIn(visitor === one ? 'one@example.com' : 'other@example.com');
  const { text, status } = await visitor.get('/account/outages');
  expect(status).toBe(200);
  return unescaped(text.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' '));
};
const lettersAbout = async () => (await house.letters()).filter((letter) => letter.includes('/account/outages'));
const plain = (letter: string) => letter.replaceAll('=\r\n', '').replaceAll(/\r\n/g, '\n');
const textOf = (letter: string) => {
  const [head = '', ...body] = plain(letter).split('\n\n');
  const whole = body.join('\n\n');
  return /base64/i.test(head)
    ? Buffer.from(whole, 'base64').toString()
    : /quoted-printable/i.test(head)
      ? fromQuoted(whole)
      : whole;
};
const fromQuoted = (text: string) =>
  Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();
const server = ['--server', 'this-machine'];

test('what is missing or cannot be is said, and nothing is written', async () => {
  house.clock.advance(60 * day);
  const wrong: [string, string[], RegExp][] = [
    ['add', [], /--server and --from are needed/],
    ['add', [...server, '--from', ago(hour)], /--cause, a line that customers read, or --same-cause-as/],
    ['add', [...server, '--from', 'yesterday', '--cause', 'x'], /a time is 2026-11-20T02:10:00\+09:00/],
    ['add', [...server, '--from', '2026-13-45 02:10', '--cause', 'x'], /a time is/],
    ['add', [...server, '--from', ago(-hour), '--cause', 'x'], /recorded when it has begun/],
    ['add', [...server, '--from', ago(hour), '--to', ago(2 * hour), '--cause', 'x'], /it ends after it has begun/],
    ['add', ['--server', 'none', '--from', ago(hour), '--cause', 'x'], /there is no server none/],
    ['add', [...server, '--site', 'none', '--from', ago(hour), '--cause', 'x'], /there is no site none/],
    ['add', [...server, '--from', ago(hour), '--cause', 'two\nlines'], /--cause is one line/],
    ['add', [...server, '--from', ago(hour), '--cause', 'x'.repeat(301)], /at most 300 signs/],
    ['add', [...server, '--from', ago(hour), '--same-cause-as', 'nothing'], /no such outage/],
    ['end', ['nothing'], /no such outage/],
    ['end', [], /which one\?/],
    ['tell', ['nothing'], /no such outage/],
    ['withdraw', ['nothing', '--reason', 'x'], /no such outage/],
    ['exclude', ['nothing'], /--because .* are needed/],
    ['credits', [], /--to <file.csv> is needed/],
    ['credits', ['--to', join(folder, 'x.csv'), '--month', '2026-13'], /--month is YYYY-MM/],
    ['credits', ['--to', join(folder, 'none/x.csv')], /cannot be made \(ENOENT\)/],
  ];
  for (const [act, args, words] of wrong) expect(await refused(act, ...args), `${act} ${args.join(' ')}`).toMatch(words);
  expect(await gotgan('list')).toBe('No outage is recorded.');
  expect(await page(one)).toContain('기록된 장애가 없습니다');
});

test('an outage of a server reaches its customers, with the sum, and those of nobody else', async () => {
  // Ten days ago: 250 minutes of December or January, which have 44,640.
  const from = house.clock.now() - 10 * day;
  const added = await gotgan('add', ...server, '--from', iso(from), '--cause', '전원 장치의 고장');
  expect(added).toContain('2 sites');
  expect(await page(one)).toContain('아직 끝나지 않음');
  const id = idOf(added);
  expect(await gotgan('end', id, '--at', iso(from + 250 * minute), '--restored')).toContain('2 sites could not be used');
  expect(await refused('end', id)).toContain('it has ended already');
  const shown = await page(one);
  // 11,000 × 250 × 3 ÷ 44,640 = 184.81…
  expect(shown).toContain('11,000원 ÷ 44,640분 × 250분 × 3 = 184.81, 반올림해 185원');
  expect(shown).toContain('전원 장치의 고장');
  expect(shown).toContain('백업으로 복구');
  expect(shown).toContain('4시간 10분');
  expect(shown).toContain('약속한 값 99.5');
  expect(shown).toMatch(/버전 2026-11-22 2026년 11월 22일 \d\d:\d\d에 동의하셨습니다/);
  expect(await page(other)).toContain('4,400원 ÷ 44,640분 × 250분 × 3 = 73.92, 반올림해 74원');
  expect(await gotgan('list')).toMatch(new RegExp(`^${id}  this-machine  .*  2 sites  2 customers  restored  not told yet`));
  const english = new Visitor(house, 'en');
  await english.logIn('one@example.com');
  expect(await page(english)).toContain('₩11,000 ÷ 44,640 min × 250 min × 3 = 184.81, rounded to ₩185');
});

test('letters come a day after the end, once, and from then on it stays as it is', async () => {
  const [id = ''] = (await gotgan('list')).split(' ');
  house.clock.advance(-10 * day + 300 * minute);
  await house.panel.doors.outages.tellDue();
  expect(await lettersAbout()).toHaveLength(0);
  house.clock.advance(10 * day - 300 * minute);
  await Promise.all([house.panel.doors.outages.tellDue(), house.panel.doors.outages.tellDue()]);
  await house.panel.doors.outages.tellDue();
  const letters = (await lettersAbout()).map(textOf);
  expect(letters).toHaveLength(2);
  const letter = letters.find((text) => text.includes(site.one)) ?? '';
  expect(letter).toContain('전원 장치의 고장');
  expect(letter).toContain('복구하느라 멈춘 시간도 넣어');
  expect(letter).toContain('11,000원 ÷ 44,640분 × 250분 × 3 = 185원');
  expect(letter).toMatch(/\d{4}년 \d+월 \d+일까지 이의를/);
  expect(letter).not.toContain(site.other);
  expect(await refused('withdraw', id, '--reason', 'x')).toContain('customers were written to');
  const times = ['--from', ago(10 * day), '--to', ago(10 * day - hour)];
  expect(await refused('exclude', id, '--because', 'network', ...times, '--note', 'x')).toContain('customers were written to');
});

test('one site alone, a part that does not count, the same cause again, and one recorded by mistake', async () => {
  const from = house.clock.now() - 3 * day;
  const only = ['--site', site.one];
  const first = idOf(
    await gotgan('add', ...server, ...only, '--from', iso(from), '--to', iso(from + 2 * hour), '--cause', '데이터베이스의 교체'),
  );
  const again = ['--from', iso(from + 2.5 * hour), '--to', iso(from + 5 * hour), '--same-cause-as', first];
  const second = idOf(await gotgan('add', ...server, ...only, ...again));
  // 300 minutes with the half hour in between: 11,000 × 300 × 3 ÷ 44,640 = 221.77…
  expect(await page(one)).toContain('11,000원 ÷ 44,640분 × 300분 × 3 = 221.77, 반올림해 222원');
  expect(await page(other)).not.toContain('데이터베이스의 교체');
  const part = ['--from', iso(from + 2.5 * hour), '--to', iso(from + 3.5 * hour)];
  const maintenance = ['--because', 'maintenance', ...part, '--note', '이메일로 알린 점검'];
  expect(await refused('exclude', second, ...maintenance)).toContain('needs --announced');
  expect(await refused('exclude', first, ...maintenance, '--announced', iso(from - 8 * day))).toContain('lies within the outage');
  expect(await refused('exclude', second, '--because', 'bad luck', ...part, '--note', 'x')).toContain('--because is one of');
  await gotgan('exclude', second, ...maintenance, '--announced', iso(from - 8 * day));
  const shown = await page(one);
  expect(shown).toContain('× 240분 ×');
  expect(shown).toContain('미리 알린 점검');
  expect(shown).toContain('이메일로 알린 점검');
  await gotgan('withdraw', second, '--reason', '잘못 적음');
  expect(await page(one)).not.toContain('× 240분 ×');
  expect(await page(one)).toContain('3시간보다 짧아 금액 보상은 없으며');
  expect(await refused('end', second)).toContain('no such outage');
  const { audit, connection } = house.panel.doors;
  const acts = await connection.db.selectFrom('audit').select('action').where('subject_id', '=', second).execute();
  expect(acts.map(({ action }) => action)).toEqual(['outages.recorded', 'outages.excluded', 'outages.withdrawn']);
  expect(audit).toBeDefined();
});

test("a site is only touched by the server that it stood on, and while it was its customer's to use", async () => {
  const { connection, sites } = house.panel.doors;
  const now = house.clock.now();
  const { id, customerId, serverId } = await sites.byName(site.other);
  const far = newId(now);
  const row = await connection.db.selectFrom('servers').selectAll().where('id', '=', serverId).executeTakeFirstOrThrow();
  const started = now - 40 * day;
  // It moved to `far` five hours after that server stopped.
  const moved = {
    site_id: id,
    customer_id: customerId,
    from_server_id: serverId,
    to_server_id: far,
    switched_at: started + 5 * hour,
  };
  const rest = { keep_days: 7, over_move_id: null, run_id: null, backup_id: null, sha256: null, fault: null, frozen_at: null };
  const left = { left_on_server_id: null, left_until: null, removed_at: null, pass: 1, files: 0, bytes: 0 };
  const times = { seen_at: started, asked_at: started, step_at: started, ended_at: started + 5 * hour };
  await connection.write(async (tx) => {
    await tx
      .insertInto('servers')
      .values({ ...row, id: far, name: 'far' })
      .execute();
    await tx
      .insertInto('site_moves')
      .values({ id: newId(now), step: 'done', ...moved, ...rest, ...left, ...times })
      .execute();
    await tx.updateTable('sites').set({ server_id: far }).where('id', '=', id).execute();
  });
  const span = ['--from', iso(started), '--to', iso(started + 9 * hour)];
  const here = idOf(await gotgan('add', ...server, ...span, '--cause', 'here'));
  const there = idOf(await gotgan('add', '--server', 'far', ...span, '--cause', 'there'));
  const stretches = async (outage: string) =>
    (
      await connection.db
        .selectFrom('outage_sites')
        .selectAll()
        .where('outage_id', '=', outage)
        .where('site_id', '=', id)
        .execute()
    ).map(({ started_at, ended_at }) => [started_at - started, (ended_at ?? 0) - started]);
  expect(await stretches(here)).toEqual([[0, 5 * hour]]);
  expect(await stretches(there)).toEqual([[5 * hour, 9 * hour]]);
  for (const one of [here, there]) await gotgan('withdraw', one, '--reason', 'done');
  await connection.write(async (tx) => {
    await tx.deleteFrom('site_moves').where('site_id', '=', id).execute();
    await tx.updateTable('sites').set({ server_id: serverId }).where('id', '=', id).execute();
  });
  // Before the site was open, and after it was taken from the web under the terms, nothing is owed.
  const before = await gotgan('add', ...server, '--from', ago(90 * day), '--to', ago(80 * day), '--cause', 'before');
  expect(before).toContain('0 sites');
  const suspended = now - 2 * day + hour;
  await connection.write((tx) => tx.updateTable('sites').set({ suspended_at: suspended }).where('id', '=', id).execute());
  const late = idOf(await gotgan('add', ...server, '--from', ago(2 * day), '--to', ago(2 * day - 4 * hour), '--cause', 'late'));
  const [stretch] = await connection.db
    .selectFrom('outage_sites')
    .selectAll()
    .where('outage_id', '=', late)
    .where('site_id', '=', id)
    .execute();
  expect(stretch?.ended_at).toBe(suspended);
  await gotgan('withdraw', late, '--reason', 'done');
  await connection.write((tx) => tx.updateTable('sites').set({ suspended_at: null }).where('id', '=', id).execute());
});

test('the export for bills: a line a site and month, safe in a spreadsheet, and never over another file', async () => {
  const { connection, sites } = house.panel.doors;
  const { customerId } = await sites.byName(site.one);
  const reference = '=HYPERLINK("https://evil.example")';
  await connection.write((tx) =>
    tx.updateTable('customers').set({ external_reference: reference }).where('id', '=', customerId).execute(),
  );
  const month = new Date(house.clock.now() - 10 * day + 9 * hour).toISOString().slice(0, 7);
  const to = join(folder, 'credits.csv');
  expect(await gotgan('credits', '--month', month, '--to', to)).toContain(`${month}: 2 sites, 259 won in all`);
  expect((await stat(to)).mode & 0o777).toBe(0o600);
  const text = await readFile(to, 'utf8');
  const lines = text.trim().split('\r\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain('"credit_won","calculation"');
  const line = lines.find((one) => one.includes(site.one)) ?? '';
  expect(line).toContain(`"'=HYPERLINK(""https://evil.example"")"`);
  expect(line).toContain('"185"');
  expect(line).toContain('11000 / 44640 min * 250 min * 3 = 185');
  expect(await refused('credits', '--month', month, '--to', to)).toContain('cannot be made (EEXIST)');
  expect(await readFile(to, 'utf8')).toBe(text);
  expect(await gotgan('credits', '--month', '2020-01', '--to', join(folder, 'none.csv'))).toContain('0 sites, 0 won');
});
