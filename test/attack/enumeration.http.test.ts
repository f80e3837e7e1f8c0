// What a stranger may not learn from a sign-in (security.md C.2): unknown, wrong, suspended, closed and locked answer with the same bytes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hour } from '../../src/platform/clock.ts';
import { elsewhere, from, outcome, persists, startHouse, tries, wrong } from '../sign-in/attacker.ts';
import { password, type TestPanel } from '../support/panel.ts';

let house: TestPanel;
let number = 0;
const stranger = () => from(house, elsewhere(number++));

/** Names of the same length, so that only what the panel says can differ. */
const names = {
  unknown: 'aaaaaaa@example.com',
  wrong: 'bbbbbbb@example.com',
  suspended: 'ccccccc@example.com',
  suspendedWithSecondFactor: 'fffffff@example.com',
  closed: 'ddddddd@example.com',
  unverified: 'eeeeeee@example.com',
} as const;
type Case = keyof typeof names;
const cases = Object.keys(names) as Case[];
/** The right one wherever there is one: that is what an attacker would want to know. */
const passwordOf = (one: Case) => (one === 'unknown' || one === 'wrong' ? wrong : password);

beforeAll(async () => {
  house = await startHouse();
  const { doors } = house.panel;
  for (const one of cases)
    if (one === 'unverified') await stranger().signUp(names[one]);
    else if (one !== 'unknown') await stranger().arrive(names[one]);
  for (const one of ['suspended', 'suspendedWithSecondFactor'] as const) {
    const person = await doors.accounts.byLoginName(names[one]);
    const personId = person?.id ?? '';
    await doors.connection.write(async (tx) => {
      const ended_at = house.clock.now();
      await tx.updateTable('memberships').set({ ended_at }).where('person_id', '=', personId).execute();
      if (one === 'suspended') return;
      const passkey = { credential_id: 'x', person_id: personId, public_key: 'x', counter: 0, transports: '', backed_up: 0 };
      await tx
        .insertInto('passkeys')
        .values({ ...passkey, name_sealed: 'x', created_at: 0, used_at: null })
        .execute();
    });
  }
  const closed = await doors.accounts.byLoginName(names.closed);
  if (!closed) throw new Error('nobody to close');
  await doors.connection.write((tx) =>
    doors.signIn.closedPasswords.close(tx, { person: closed }, { reason: 'failures', actor: { kind: 'system' } }),
  );
});
afterAll(() => house?.close());

type Answer = Awaited<ReturnType<ReturnType<typeof stranger>['submit']>>;

/** Everything that came back, without what is drawn anew for every answer or was typed. */
function masked(answer: Answer, name: string): string {
  const headers = Object.entries(answer.headers as Record<string, string>)
    .filter(([key]) => key !== 'date')
    .map(([key, value]) => `${key}: ${value}`)
    .sort()
    .join('\n');
  return `${answer.status}\n${headers}\n\n${answer.text}`
    .replaceAll(name, '<name>')
    .replaceAll(/(sid=)[^;]+/g, '$1<id>')
    .replaceAll(/(x-request-id: |X-Request-Id: ).*/g, '$1<id>')
    .replaceAll(/(name="_csrf" value="|name="_idem" value="|name="csrf" content=")[\w-]+/g, '$1<token>');
}

/** The same steps for every case; @returns the last answer */
async function answers(act: (one: Case) => Promise<Answer>): Promise<string[]> {
  const all: string[] = [];
  for (const one of cases) all.push(masked(await act(one), names[one]));
  return all;
}

function allAlike(all: readonly string[]): void {
  for (const [at, one] of all.entries()) expect(one, cases[at]).toBe(all[0]);
}

describe('the bytes of an answer are the same, status, headers and length included', () => {
  test('to one attempt', async () => {
    const all = await answers((one) => stranger().submit('/login', { email: names[one], password: passwordOf(one) }));
    expect(all[0]).toMatch(/^422\n/);
    allAlike(all);
  });

  test('in English', async () => {
    const all = await answers((one) => {
      const visitor = from(house, elsewhere(number++));
      return visitor.submit('/en/login', { email: names[one], password: passwordOf(one) });
    });
    expect(all[0]).toContain('does not match');
    allAlike(all);
  });

  test('to the attempt that first asks for a CAPTCHA', async () => {
    house.clock.advance(2 * hour);
    const all = await answers(async (one) => {
      for (let i = 0; i < 5; i += 1) expect(await tries(stranger(), names[one])).toBe('failed');
      return stranger().submit('/login', { email: names[one], password: passwordOf(one) });
    });
    expect(all[0]).toContain('name="captcha"');
    allAlike(all);
  });

  test('to the attempt that must wait, after the same number', async () => {
    house.clock.advance(2 * hour);
    const all = await answers(async (one) => {
      const outcomes = [];
      for (let i = 0; i < 11; i += 1) outcomes.push(await persists(stranger(), names[one]));
      expect(
        outcomes.map((text) => text.split(' ')[0]),
        one,
      ).toEqual([...Array(10).fill('failed'), 'wait']);
      return stranger().submit('/login', { email: names[one], password: passwordOf(one) });
    });
    expect(all[0]).toMatch(/^429\n/);
    allAlike(all);
  });

  test('when a reset or a sign-in link is asked for', async () => {
    for (const [page, action] of [
      ['/password/forgot', '/password/forgot'],
      ['/login', '/login/link'],
    ] as const) {
      const all = await answers((one) => stranger().submit(page, { email: names[one] }, action));
      expect(all[0]).toMatch(/^303\n/);
      allAlike(all);
    }
  });

  test('when somebody signs up', async () => {
    const fields = { age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1', name: '', phone: '' };
    const all = await answers((one) =>
      stranger().submit('/signup', { ...fields, email: names[one], password: 'quiet-Harbor-52-lantern' }),
    );
    expect(all[0]).toMatch(/^303\n/);
    allAlike(all);
  });

  test('to a passkey that is asked for: its options name nobody', async () => {
    const visitor = stranger();
    const answer = await visitor.send('/login/passkey/options', await visitor.hidden('/login'));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toHaveProperty('challenge');
    expect(JSON.parse(answer.text)).not.toHaveProperty('allowCredentials.0');
  });
});

test('no answer to a sign-in says how many attempts are left', async () => {
  const answer = await stranger().submit('/login', { email: names.unknown, password: wrong });
  expect(Object.keys(answer.headers).filter((name) => /ratelimit|retry-after/i.test(name))).toEqual([]);
});

test('a failure takes as long for everybody: later than any password is looked at', async () => {
  house.clock.advance(2 * hour);
  for (const one of cases) {
    const visitor = stranger();
    const hidden = await visitor.hidden('/login');
    const begun = house.clock.monotonic();
    const answer = await visitor.send('/login', { ...hidden, email: names[one], password: passwordOf(one) });
    expect(outcome(answer as never)).toBe('failed');
    expect(house.clock.monotonic() - begun, one).toBeGreaterThan(298);
  }
});

test('with a CAPTCHA solved, the right password of somebody suspended or closed is as wrong as any', async () => {
  house.clock.advance(3 * hour);
  for (const one of cases) expect(await persists(stranger(), names[one], passwordOf(one)), one).toBe('failed');
});
