// Passkeys over HTTP: what is asked of a device, answers that fit nothing, and removal. Real answers: test/browser/passkeys.spec.ts.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { minute } from '../../src/platform/clock.ts';
import { PasskeyStore } from '../../src/sign-in/passkey-store.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let visitor: Visitor;
const page = '/account/security';

beforeEach(async () => {
  panel = await startPanel();
  visitor = new Visitor(panel);
  await visitor.arrive('owner@example.com');
});
afterEach(() => panel.close());

const csrf = async (who: Visitor, path: string) => /name="_csrf" value="([^"]+)"/.exec((await who.get(path)).text)?.[1] ?? '';

async function withPasskey(email: string): Promise<void> {
  const { accounts, connection, secrets, clock } = panel.panel.doors;
  const personId = (await accounts.byLoginName(email))?.id ?? '';
  const passkey = { id: `key-of-${email.split('@')[0]}`, personId, name: '지문', publicKey: 'x', counter: 0, transports: [] };
  const store = new PasskeyStore(connection, secrets);
  await connection.write((tx) => store.add(tx, { ...passkey, isBackedUp: false, createdAt: clock.now(), usedAt: null }));
}

test('what is asked of a device is new each time and names nobody', async () => {
  const guest = new Visitor(panel);
  const ask = async () => (await guest.send('/login/passkey/options', { _csrf: await csrf(guest, '/login') })).body;
  const [one, two] = [await ask(), await ask()];
  expect(one.challenge).not.toBe(two.challenge);
  expect(one.userVerification).toBe('required');
  expect(one.allowCredentials ?? []).toEqual([]);
});

test.each(['', '{}', 'no JSON', '{"id":"x"}', JSON.stringify({ id: 'x'.repeat(3000) }), '{"id":"key-of-owner","response":{}}'])(
  'an answer that fits nothing is refused: %s',
  async (response) => {
    await withPasskey('owner@example.com');
    const guest = new Visitor(panel);
    const _csrf = await csrf(guest, '/login');
    await guest.send('/login/passkey/options', { _csrf });
    const answer = await guest.send('/login/passkey', { _csrf, response });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('패스키를 확인하지 못했습니다');
    expect((await guest.get('/dashboard')).status).toBe(303);
  },
);

test('to make one needs a fresh sign-in', async () => {
  const _csrf = await csrf(visitor, page);
  expect((await visitor.send(`${page}/passkeys/options`, { _csrf })).body.challenge).toMatch(/^[\w-]{20,}$/);
  panel.clock.advance(11 * minute);
  const later = await visitor.send(`${page}/passkeys/options`, { _csrf }).set('Accept', 'application/json');
  expect(later.status).toBe(403);
  expect((await visitor.send(`${page}/passkeys`, { _csrf, response: '{}' })).headers.location).toContain('/confirm?next=');
});

test('is removed by its owner and by nobody else', async () => {
  await withPasskey('owner@example.com');
  const stranger = new Visitor(panel);
  await stranger.arrive('stranger@example.com');
  const remove = async (who: Visitor) =>
    who.send(`${page}/passkeys/removal`, { _csrf: await csrf(who, page), passkey: 'key-of-owner' });
  expect((await remove(stranger)).status).toBe(404);
  expect((await visitor.get(page)).text).toContain('지문');
  expect((await remove(visitor)).headers.location).toBe(page);
  expect((await visitor.get(page)).text).not.toContain('value="key-of-owner');
  expect((await remove(visitor)).status).toBe(404);
});
