// `gotgan accounts` and `gotgan keys` as an operator runs them: what they say, how they end, and that a real kill in the middle loses nothing.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AccountStore } from '../../src/accounts/store.ts';
import { holdKeys } from '../../src/keys.ts';
import { migrate } from '../../src/migrations/migrate.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { openDatabase } from '../../src/platform/database/database.ts';
import { Secrets } from '../../src/platform/secrets.ts';
import { Settings } from '../../src/platform/settings.ts';
import { FactorStore } from '../../src/sign-in/factor-store.ts';
import { commanded } from '../support/commands.ts';
import { gotgan } from '../support/program.ts';

const first = 'the-first-secret-at-least-thirty-two-bytes';
const second = 'the-second-secret-at-least-thirty-two-bytes';
const head = 'login_name,email,password_hash,external_reference,domain,plan';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-commands-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const around = (environment: Record<string, string> = {}) => ({
  folder,
  environment: { SECRET: first, PASSWORD_COST: 'm=19456,t=2,p=1', ...environment },
});
/** As a process, which can be killed. */
const begin = (args: string[], environment?: Record<string, string>) => gotgan(args, around(environment));
const run = (args: string[], environment?: Record<string, string>) => commanded(args, around(environment));
const database = () => new DatabaseSync(join(folder, 'data/panel.db'), { readOnly: true, timeout: 5000 });
function count(statement: string): number {
  const opened = database();
  try {
    return Number(opened.prepare(statement).get()?.count ?? 0);
  } finally {
    opened.close();
  }
}

/** Looks every few milliseconds until it is so, then kills. */
async function killWhen(program: ReturnType<typeof begin>, isSo: () => boolean): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(3)) {
    if (program.child.exitCode !== null) throw new Error(`it ended before it could be killed: ${program.out()}${program.err()}`);
    if (!isSo()) continue;
    program.child.kill('SIGKILL');
    await program.ended;
    return;
  }
  throw new Error('it never came so far');
}

test('an import: what is wrong is said row by row and nothing is written; killed in the middle it goes on; it is found and taken back', async () => {
  const file = join(folder, 'customers.csv');
  await writeFile(file, `${head}\nhong,no address,$1$x,,-,gold\nok,ok@example.com,,,,tree\nok,other@example.com,,,,tree\n`);
  const wrong = await run(['accounts', 'import', file, '--dry-run']);
  expect(wrong.code).toBe(1);
  expect(wrong.out.split('\n').filter(Boolean)).toEqual([
    'row 2: email: This does not look like an email address. Use the form name@example.com.',
    'row 2: password_hash: is no hash that is taken (bcrypt, sha512-crypt, PBKDF2)',
    'row 2: domain: is no domain',
    'row 4: login_name: is in row 3 too',
  ]);
  expect(wrong.err).toContain('2 rows have faults (4 in all)');
  expect((await run(['accounts', 'import', file])).code).toBe(1);
  expect(count('select count(*) as count from persons')).toBe(0);

  const customers = 60;
  const rows = Array.from(
    { length: customers },
    (_, at) => `older-${at},older-${at}@example.com,,C-${at},site-${at}.example.kr,tree`,
  );
  // A hash that takes a while, so that there is a middle to be killed in.
  const hash = '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
  await writeFile(file, [head, ...rows.map((row) => row.replace(',,C-', `,${hash},C-`))].join('\n'));
  const tried = await run(['accounts', 'import', file, '--dry-run']);
  expect(tried.out).toContain(
    `${customers} customers; password hashes: bcrypt:5 × ${customers}\nEverything can be imported. Nothing was written.`,
  );
  const persons = 'select count(*) as count from persons';
  expect(count(persons)).toBe(0);
  await killWhen(begin(['accounts', 'import', file]), () => count(persons) >= 10);
  const before = count(persons);
  expect(before).toBeLessThan(customers);
  const again = await begin(['accounts', 'import', file]).ended;
  expect(again.out).toContain('it goes on where it stopped');
  expect(again.out).toContain(`${customers - before} customers were written, ${before} were there already.`);
  for (const table of ['persons', 'customers', 'memberships', 'orders', 'import_rows'])
    expect(count(`select count(*) as count from ${table}`), table).toBe(customers);
  expect((await run(['accounts', 'import', file])).out).toContain('was imported already');

  const found = await run(['accounts', 'find', '--domain', 'site-7.example.kr']);
  expect(found.out).toMatch(/\tC-7\tol\*\*\*\tol\*\*\*@example\.com\t-\tsite-7\.example\.kr\n1 found\n$/);
  const id = /--undo (\S+)/.exec(again.out)?.[1] ?? '';
  expect((await run(['accounts', 'import', '--undo', id])).out).toContain(`${customers} customers were removed, 0 stay.`);
  expect(count(persons)).toBe(0);
  expect((await run(['accounts', 'import', '--undo', 'nothing'])).err).toContain('there is no such import');
}, 180_000);

const missing: [string[], string][] = [
  [['accounts'], 'import, find'],
  [['accounts', 'import'], 'a file is needed'],
  [['accounts', 'import', 'nowhere.csv'], 'cannot be read (ENOENT)'],
  [['accounts', 'find'], 'is needed'],
  [['accounts', 'lost-factor'], 'whose?'],
  [['accounts', 'lost-factor', 'nobody@example.com', '--asked-by', 'x', '--reason', 'y'], 'no such account'],
  [['accounts', 'lost-mailbox', 'nobody@example.com'], 'to which address?'],
  [['accounts', 'end-sessions'], 'whose?'],
  [['accounts', 'find', '--phone-last4', '12'], 'four digits are needed'],
  [['keys'], 'rotate is needed'],
  [['backup', 'run'], 'a site is needed'],
  [['passwords'], 'a file to import is needed'],
];
// In one folder: a database of its own for each took longer than the commands.
test('a command that lacks something says what, without a stack', async () => {
  for (const [args, wanted] of missing) {
    const { code, err } = await run(args);
    expect([args, code, err]).toEqual([args, 1, expect.stringContaining(wanted)]);
    expect(err).not.toContain('    at ');
  }
});

test('what it says and how it ends is what the process says, and the process ends so', async () => {
  const args = ['accounts', 'lost-factor', 'nobody@example.com', '--asked-by', 'x', '--reason', 'y'];
  expect(await begin(args).ended).toEqual(await run(args));
});

test('a change of the secret: killed in the middle it goes on, and the old secret cannot go too early', async () => {
  expect((await run(['migrate'])).code).toBe(0);
  const people = 4000;
  await fill(people);
  const old = () => count(`select count(*) as count from persons where email_sealed like 'v1.${idOf(first)}.%'`);
  expect(old()).toBe(people);
  expect((await run(['migrate'], { SECRET: second })).err).toContain(
    'SECRET: is not the one that this database was written with',
  );
  const both = { SECRET: second, OLD_SECRETS: first };
  await killWhen(begin(['keys', 'rotate'], both), () => old() < people);
  const left = old();
  expect(left).toBeGreaterThan(0);
  expect((await run(['migrate'], { SECRET: second })).code).toBe(1);
  const done = await begin(['keys', 'rotate'], both).ended;
  expect(done.out).toMatch(new RegExp(`persons +${left} rows`));
  expect(done.out).toContain('OLD_SECRETS may go');
  expect(old()).toBe(0);
  expect((await run(['accounts', 'find', '--phone-last4', '5678'], { SECRET: second })).out).toContain('100 found');
  expect((await run(['migrate'], { SECRET: first })).code).toBe(1);
}, 180_000);

test('a lost second factor: a waiting time that the person is told of, asked for once and taken back', async () => {
  expect((await run(['migrate'])).code).toBe(0);
  await fill(1);
  const ask = ['accounts', 'lost-factor', 'p00000@example.com'];
  const asked = [...ask, '--asked-by', '홍길동, by telephone', '--reason', 'the telephone was stolen'];
  expect(await run(asked)).toMatchObject({ code: 1, err: expect.stringContaining('no second factor') });
  const connection = await openDatabase(`sqlite:${join(folder, 'data/panel.db')}`, systemClock);
  const factors = new FactorStore(connection, new Secrets(first));
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  await connection.write((tx) => factors.addApp(tx, { id: 'f1', personId: 'p00000', secret, step: 1, now: systemClock.now() }));
  await connection.close();
  expect(await run(ask)).toMatchObject({ code: 1, err: expect.stringContaining('Say who asked and why') });
  const letters = () => count('select count(*) as count from letters');
  const before = letters();
  const begun = await run(asked);
  expect([begun.code, begun.out]).toEqual([0, expect.stringMatching(/told by letter.* removed after \d{4}-\d\d-\d\dT/)]);
  expect([letters() - before, count('select count(*) as count from lost_factors')]).toEqual([1, 1]);
  expect((await run(asked)).code).toBe(1);
  expect((await run([...ask, '--withdraw'])).out).toContain('Taken back: nothing is removed');
  expect(letters() - before).toBe(2);
  expect((await run([...ask, '--withdraw'])).code).toBe(1);
  expect(count('select count(*) as count from second_factors')).toBe(1);
}, 180_000);

const idOf = (secret: string) => new Secrets(secret).currentPrefix.split('.')[1] ?? '';

async function fill(people: number): Promise<void> {
  const connection = await openDatabase(`sqlite:${join(folder, 'data/panel.db')}`, systemClock);
  try {
    const secrets = new Secrets(first);
    await holdKeys(new Settings(connection, systemClock), secrets);
    const store = new AccountStore(connection, secrets);
    await connection.write(async (tx) => {
      for (let at = 0; at < people; at += 1) {
        const id = `p${String(at).padStart(5, '0')}`;
        const person = { id, email: `${id}@example.com`, name: '홍길동', phone: '010-1234-5678', passwordHash: 'x' };
        const row = store.personRow({ ...person, language: 'ko', createdAt: at, eraseAt: 0 });
        await store.add(tx, { ...row, verified_at: 1, erase_at: null }, `c${at}`, `m${at}`);
      }
    });
    await migrate(connection);
  } finally {
    await connection.close();
  }
}
