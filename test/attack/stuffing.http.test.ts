// Credential stuffing: the alarm, who it asks for a CAPTCHA, who is told, how it ends, and lists of suspects and of leaks.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { suspect } from '../../src/defence-commands.ts';
import { hour, minute } from '../../src/platform/clock.ts';
import { elsewhere, from, startHouse, tries, wrong } from '../sign-in/attacker.ts';
import { password, type TestPanel, type Visitor } from '../support/panel.ts';

const owner = 'owner@example.com';
const operator = 'operator@example.com';
let house: TestPanel;
let known: Visitor;
let number: number;
const stranger = () => from(house, elsewhere(number++));

beforeEach(async () => {
  number = 0;
  house = await startHouse({ operatorEmail: operator, limitsScale: 1 });
  known = stranger();
  await known.arrive(owner);
  await known.submit('/dashboard', {}, '/logout');
});
afterEach(() => house?.close());

const nameless = (index: number) => `tried-${index}@example.com`;
const toOperator = async () => (await house.letters()).filter((letter) => letter.toLowerCase().includes(`to: ${operator}`));
const asked = (visitor = stranger()) => visitor.get('/login').then(({ text }) => text.includes('name="captcha"'));

/** Many at once, as bots do. */
async function attack(count: number, addressOf: (index: number) => string): Promise<string[]> {
  const outcomes: string[] = [];
  for (let at = 0; at < count; at += 10)
    outcomes.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(10, count - at) }, (_, i) => tries(from(house, addressOf(at + i)), nameless(at + i))),
      )),
    );
  return outcomes;
}

describe('many names from one network', () => {
  test('are asked a CAPTCHA after ten, and after fifty so is every stranger, but nobody who is known; it ends by itself', async () => {
    const outcomes = await attack(50, (index) => `192.0.2.${index % 25}`);
    expect(outcomes.filter((one) => one === 'failed').length).toBeLessThanOrEqual(10);
    expect(new Set(outcomes)).toEqual(new Set(['failed', 'captcha']));
    expect(await asked()).toBe(false);
    await attack(2, () => '192.0.2.99').then(() => tries(from(house, '192.0.2.98'), 'one-more@example.com'));
    expect(await asked()).toBe(true);
    expect(await tries(stranger(), owner, password)).toBe('captcha');
    expect(await tries(known, owner, password)).toBe('in: /dashboard');
    const told = await toOperator();
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('gotgan accounts suspect');

    house.clock.advance(2 * hour);
    expect(await asked()).toBe(false);
    expect(await tries(stranger(), owner, password)).toBe('in: /dashboard');
  });
});

describe('far more failures than usual', () => {
  test('from many networks raise the alarm once; other processes and a restart see it', async () => {
    const outcomes = await attack(60, (index) => elsewhere(1000 + index));
    expect(outcomes.every((one) => one === 'failed')).toBe(true);
    expect(await asked()).toBe(true);
    expect(await toOperator()).toHaveLength(1);
    const other = await startHouse({
      databaseUrl: house.databaseUrl,
      dataFolder: house.folder,
      clock: house.clock,
      operatorEmail: operator,
    });
    try {
      expect(await asked(from(other, elsewhere(3000)))).toBe(true);
      expect(await tries(from(other, elsewhere(3001)), nameless(9))).toBe('captcha');
    } finally {
      await other.close();
    }
    expect(await toOperator()).toHaveLength(1);
    house.clock.advance(20 * minute);
    expect(await asked()).toBe(true);
    house.clock.advance(30 * minute);
    expect(await asked()).toBe(false);
  });

  test('of one address alone do not', async () => {
    await attack(60, () => '203.0.113.7');
    const { limits } = house.panel.doors.choices;
    expect(limits.failuresOfService.count).toBe(60);
    const { count } = await house.panel.doors.counters.read('signIn.service.failed', limits.failuresOfService.windowMilliseconds);
    expect(count).toBe(20);
  });

  test('are not raised where most sign-ins succeed', async () => {
    const { counters } = house.panel.doors;
    const ten = { key: 'signIn.service.entered', windowMilliseconds: 10 * minute };
    for (let i = 0; i < 70; i += 1) await counters.hit(ten.key, ten.windowMilliseconds);
    await attack(65, (index) => elsewhere(1000 + index));
    expect(await asked()).toBe(false);
  });
});

describe('gotgan accounts suspect', () => {
  const list = async (text: string) => {
    const file = join(house.folder, 'list.txt');
    await writeFile(file, text);
    return file;
  };
  const audited = () =>
    house.panel.doors.connection.db.selectFrom('audit').selectAll().where('action', '=', 'accounts.passwordOff').execute();

  test('closes the passwords of a list, ends sessions, writes to the owners, and tells of the rest only how many', async () => {
    const other = from(house, elsewhere(500));
    await other.arrive('second@example.com');
    const file = await list(
      `\uFEFFOwner@Example.com:their-password-1\r\n\r\nsecond@example.com\nnobody@example.com\n${'x'.repeat(5000)}\n`,
    );
    const said = await suspect(house.panel.doors, file);
    expect(said).toBe('2 passwords closed and their owners written to; 0 were closed before; 2 lines name nobody here');
    expect((await other.get('/dashboard')).headers.location).toMatch(/^\/login/);
    expect(await tries(known, owner, password)).toBe('failed');
    const letters = (await house.letters()).filter((letter) => letter.includes('/password/forgot'));
    expect(letters).toHaveLength(2);
    expect((await audited()).map(({ actor_kind, details }) => [actor_kind, JSON.parse(details).reason])).toEqual([
      ['operator', 'suspect'],
      ['operator', 'suspect'],
    ]);
  });

  test('does nothing when it is run again, also for who has set a new password since, and goes on where it was broken off', async () => {
    const text = `${owner}\nlater@example.com\n`;
    const file = await list(text);
    await suspect(house.panel.doors, file);
    const visitor = stranger();
    await visitor.submit('/password/forgot', { email: owner });
    const link = await visitor.linkFor(owner, '/password/reset/');
    await visitor.submit(link, { password: 'quiet-Harbor-52-lantern' });
    await from(house, elsewhere(501)).arrive('later@example.com');
    const said = await suspect(house.panel.doors, file);
    expect(said).toBe('1 passwords closed and their owners written to; 1 were closed before; 0 lines name nobody here');
    expect(await tries(visitor, owner, 'quiet-Harbor-52-lantern')).toBe('in: /dashboard');
    const again = await suspect(house.panel.doors, await list(`${text}\n`));
    expect(again).toContain('1 passwords closed');
    expect(await audited()).toHaveLength(3);
  });

  test('runs twice at the same moment and writes once', async () => {
    const file = await list(`${owner}\n`);
    await Promise.all([suspect(house.panel.doors, file), suspect(house.panel.doors, file)]);
    expect(await audited()).toHaveLength(1);
    expect((await house.letters()).filter((letter) => letter.includes('/password/forgot'))).toHaveLength(1);
  });

  test('says what is wrong with a file that is not there', async () => {
    await expect(suspect(house.panel.doors, join(house.folder, 'nothing.txt'))).rejects.toThrow('ENOENT');
  });
});

describe('a password that has become known from a leak', () => {
  const leak = async () => {
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
    const file = join(house.folder, 'leak.txt');
    await writeFile(file, `${digest}:12\n`);
    await house.panel.doors.breachedPasswords.import(file);
  };

  test('lets no stranger in who enters it: it is closed, everybody is out, the owner is written to; the answer is that of a wrong one', async () => {
    const signedIn = from(house, elsewhere(600));
    await signedIn.arrive('leaked@example.com');
    await leak();
    expect(await tries(stranger(), 'leaked@example.com', password)).toBe('failed');
    expect((await signedIn.get('/dashboard')).headers.location).toMatch(/^\/login/);
    const letters = (await house.letters()).filter((letter) => letter.includes('/password/forgot'));
    expect(letters).toHaveLength(1);
    const row = await house.panel.doors.connection.db.selectFrom('password_ways').select('closed_because').executeTakeFirst();
    expect(row?.closed_because).toBe('leaked');
  });

  test('tells who is known why', async () => {
    await leak();
    const answer = await known.submit('/login', { email: owner, password });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('유출된 비밀번호 목록');
    expect(await tries(known, owner, wrong)).toBe('failed');
  });

  test('is not found where the list cannot be read: nobody comes in', async () => {
    const { mkdir } = await import('node:fs/promises');
    await leak();
    const { rm } = await import('node:fs/promises');
    const { places } = await import('../../src/adapters.ts');
    const { breached } = places(house.panel.doors.choices);
    await rm(breached);
    await mkdir(breached);
    expect(await tries(known, owner, password)).toBe('503');
    expect(await tries(stranger(), nameless(1))).toBe('503');
  });
});
