// A bundle of evidence from a real panel, checked by a program that was written from docs/evidence.md alone; every change of it is found.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evidenceCommands } from '../../src/evidence-commands.ts';
import { CommandRefused } from '../../src/import-commands.ts';
import { hour } from '../../src/platform/clock.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const verifier = join(import.meta.dirname, 'verify.py');
const run = promisify(execFile);

let house: TestPanel;
let folder: string;
let owner: Visitor;
let site: string;
let bundle: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  folder = await mkdtemp(join(tmpdir(), 'gotgan-evidence-'));
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com', { plan: 'tree', name: '=홍길동' });
  await new Visitor(house).arrive('stranger@example.com');
  await owner.get('/dashboard');
  await owner.submit(`/sites/${site}/backups`, {});
  await house.work();
  const [id = ''] = /backups\/([0-9a-f-]{36})/.exec((await owner.get(`/sites/${site}/backups`)).text)?.slice(1) ?? [];
  await owner.get(`/sites/${site}/backups/${id}/download`);
  house.clock.advance(9 * hour);
  const { outages, clock } = house.panel.doors;
  const times = { startedAt: clock.now() - 6 * hour, endedAt: clock.now() - hour };
  await outages.add({ server: 'this-machine', ...times, restored: true, cause: '저장 장치의 고장' }, { kind: 'operator' });
  bundle = join(folder, 'bundle.zip');
});
afterAll(async () => {
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

async function gotgan(act: string, ...args: string[]): Promise<string> {
  const said: string[] = [];
  await evidenceCommands[act]?.(
    args,
    (open) => open(house.panel),
    (line) => said.push(line),
  );
  return said.join('\n');
}
const refused = (...args: string[]) =>
  gotgan('export', ...args).then(
    () => 'it was not refused',
    (error) => (error instanceof CommandRefused ? error.message : `${error}`),
  );
const verified = (file: string, ...more: string[]) =>
  run('python3', [verifier, file, ...more]).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  );
const python = (program: string, ...args: string[]) => run('python3', ['-c', program, ...args]).then(({ stdout }) => stdout);
const dumping =
  'import sys,zipfile,json;z=zipfile.ZipFile(sys.argv[1]);print(json.dumps({n:z.read(n).decode() for n in z.namelist()}))';
const membersOf = async (file: string): Promise<Record<string, string>> => JSON.parse(await python(dumping, file));

test('one archive, readable for its owner alone, that a program without the panel can check', async () => {
  const { customerId } = await house.panel.doors.sites.byName(site);
  const said = await gotgan('export', '--customer', customerId, '--to', bundle);
  const bytes = await readFile(bundle);
  expect(said).toContain(`SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`);
  expect((await stat(bundle)).mode & 0o777).toBe(0o600);
  const [key = '', publicKey = ''] = (await gotgan('key')).split(' ');
  expect(await verified(bundle, key)).toMatch(new RegExp(`^HOLDS: \\d+ members, 8 consents, [1-9]\\d* notices, key ${key}`));
  expect(await verified(bundle, 'another-key1')).toContain('not the one that was published');
  expect(Buffer.from(publicKey, 'base64url')).toHaveLength(32);
  const acts = await house.panel.doors.audit.recent(customerId, 5, ['evidence.exported']);
  expect(acts).toMatchObject([{ actorKind: 'operator', details: { sha256: createHash('sha256').update(bytes).digest('hex') } }]);
});

test('it holds what slides 8-2 and 9-1 ask for, of this customer alone', async () => {
  const members = await membersOf(bundle);
  const member = (name: string) => members[name] ?? '';
  const page = member('index.html');
  for (const words of ['증거 자료', '동의와 철회', '어긋난 곳이 없었습니다', 'consents.csv', '저장 장치의 고장'])
    expect(page).toContain(words);
  expect(member('documents/sla/2026-11-22.ko.md')).toBe(
    await readFile(join(import.meta.dirname, '../../views/documents/sla/2026-11-22.ko.md'), 'utf8'),
  );
  expect(member('consents.csv')).toMatch(/"agree_backup".*"127\.0\.0\.1|::ffff:127\.0\.0\.1/);
  expect(member('notices.csv')).toContain('"/dashboard","backup-duty","backup","2026-11-22","ko"');
  expect(member('backups.csv')).toMatch(new RegExp(`"${site}","2026-11-22","manual","verified"`));
  expect(member('downloads.csv')).toContain('"backups.downloaded"');
  expect(member('outages.csv')).toContain('저장 장치의 고장');
  // 11,000 × 300 × 3 ÷ 43,200 = 229.17
  expect(member('credits.csv')).toContain('"11000 / 43200 * 300 * 3 = 229"');
  expect(member('sign-ins.csv')).toContain('"signIn.succeeded"');
  expect(member('orders.csv')).toContain('"tree","11000"');
  expect(member('people.csv')).toContain(`"'=홍길동","owner@example.com","owner"`);
  for (const name of ['index.html', 'people.csv', 'consents.csv', 'notices.csv']) expect(member(name)).not.toContain('stranger@');
});

test('whatever is changed is found', async () => {
  // One process for all of it: each change is a bundle of its own.
  const changing = `
import contextlib, io, json, sys, zipfile
sys.path.insert(0, sys.argv[1])
import verify
source, target, told = sys.argv[2], sys.argv[3], []
for name, old, new in json.loads(sys.argv[4]):
    with zipfile.ZipFile(source) as a, zipfile.ZipFile(target, 'w') as b:
        for one in a.namelist():
            data = a.read(one)
            if one == name and new is None: continue
            if one == name:
                assert old.encode() in data, name
                data = data.replace(old.encode(), new.encode(), 1)
            b.writestr(one, data)
        if old is None: b.writestr(name, new)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit): verify.check_bundle(target, None)
    told.append(said.getvalue())
print(json.dumps(told))
`;
  const changes: [string, string | null, string | null, string][] = [
    ['documents/sla/2026-11-22.ko.md', '3배', '1배', 'documents/sla/2026-11-22.ko.md was changed'],
    ['consents.csv', '"yes"', '"no"', 'consents.csv was changed'],
    ['index.html', 'h1', 'h2', 'index.html was changed'],
    ['ledger.json', 'agree_sla', 'agree_all', 'ledger.json was changed'],
    ['manifest.json', '"zone"', '"Zone"', 'manifest.json was changed'],
    ['manifest.json', '"sha256": "', '"sha256": "0', 'manifest.json was changed'],
    ['manifest.json.sig', 'version 1', 'version 2', 'manifest.json.sig has another form'],
    ['manifest.json.sig', 'Key: ', 'Key: x', 'names another key'],
    ['backups.csv', '', null, 'other members than its manifest'],
    ['more.txt', null, 'more', 'other members than its manifest'],
  ];
  const given = JSON.stringify(changes.map(([name, old, fresh]) => [name, old, fresh]));
  const told = JSON.parse(await python(changing, import.meta.dirname, bundle, join(folder, 'changed.zip'), given));
  expect(told).toEqual(changes.map(([, , , words]) => expect.stringContaining(words)));
  expect(told.every((words: string) => words.startsWith('DOES NOT HOLD'))).toBe(true);
});

test('a ledger that somebody has changed is told of on the first page, and no program takes it for whole', async () => {
  const { connection } = house.panel.doors;
  const { customerId } = await house.panel.doors.sites.byName(site);
  const [row] = await house.panel.doors.consent.forCustomer(customerId);
  const links = (await house.panel.doors.consent.ledger.links([row?.id ?? ''])).get(row?.id ?? '');
  const other = { ...row, id: 'slipped-in' };
  expect([links?.position, other.id]).toBeDefined();
  // A row that did not come by the panel has no link.
  const raw = await connection.db
    .selectFrom('consents')
    .selectAll()
    .where('id', '=', row?.id ?? '')
    .executeTakeFirstOrThrow();
  await connection.write((tx) =>
    tx
      .insertInto('consents')
      .values({ ...raw, id: 'slipped-in' })
      .execute(),
  );
  const file = join(folder, 'faulty.zip');
  expect(await gotgan('export', '--customer', customerId, '--to', file)).toContain(
    'FAULT of the ledger: row slipped-in has no link',
  );
  expect((await membersOf(file))['index.html']).toContain('row slipped-in has no link');
  expect(await verified(file)).toContain('DOES NOT HOLD');
});

test('what is missing or in the way is said, and nothing is left behind', async () => {
  await writeFile(join(folder, 'there.zip'), 'mine');
  expect(await refused('--to', 'x.zip')).toContain('--customer <id> or --site <name>');
  expect(await refused('--site', site)).toContain('--to <file.zip> are needed');
  expect(await refused('--customer', 'nobody', '--to', join(folder, 'x.zip'))).toContain('there is no customer nobody');
  expect(await refused('--site', 'nowhere', '--to', join(folder, 'x.zip'))).toContain('of the site nowhere');
  expect(await refused('--site', site, '--to', join(folder, 'there.zip'))).toContain('cannot be written (EEXIST)');
  expect(await readFile(join(folder, 'there.zip'), 'utf8')).toBe('mine');
  expect(await refused('--site', site, '--to', join(folder, 'none/x.zip'))).toContain('cannot be written (ENOENT)');
});
