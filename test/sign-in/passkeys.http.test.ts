// Passkeys over HTTP: what is asked of a device, answers that fit nothing, and removal. Real answers: test/browser/passkeys.spec.ts.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';
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

async function withPasskey(email: string, name = `key-of-${email.split('@')[0]}`): Promise<void> {
  const { accounts, connection, secrets, clock } = panel.panel.doors;
  const personId = (await accounts.byLoginName(email))?.id ?? '';
  const passkey = { id: name, personId, name: '지문', publicKey: 'x', counter: 0, transports: [] };
  const store = new PasskeyStore(connection, secrets);
  await connection.write((tx) => store.add(tx, { ...passkey, isBackedUp: false, createdAt: clock.now(), usedAt: null }));
}

/** What an authenticator answers that was asked to make a passkey (WebAuthn 6.5.1, without attestation). */
function madeKey({ challenge, rp }: { challenge: string; rp: { id: string } }): string {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
  const key = new Map<number, number | Uint8Array>([[1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(y)]]); // biome-ignore format: a table
  const id = randomBytes(16);
  const [present, verified, attested] = [1, 4, 64];
  const known = [Buffer.alloc(16), Buffer.from([0, id.length]), id, isoCBOR.encode(key)];
  const authData = Buffer.concat([
    createHash('sha256').update(rp.id).digest(),
    Buffer.from([present | verified | attested, 0, 0, 0, 0]),
    ...known,
  ]);
  const attestation = new Map<string, string | Map<string, string> | Uint8Array>([
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', new Uint8Array(authData)],
  ]);
  const clientData = JSON.stringify({ type: 'webauthn.create', challenge, origin: panel.origin });
  const response = {
    clientDataJSON: Buffer.from(clientData).toString('base64url'),
    attestationObject: Buffer.from(isoCBOR.encode(attestation)).toString('base64url'),
  };
  const shown = id.toString('base64url');
  return JSON.stringify({ id: shown, rawId: shown, type: 'public-key', clientExtensionResults: {}, response });
}

test('two browsers side by side make no twenty-first', async () => {
  const other = new Visitor(panel);
  await other.logIn('owner@example.com');
  for (let at = 0; at < 19; at += 1) await withPasskey('owner@example.com', `key-${at}`);
  const asked = [];
  for (const who of [visitor, other]) {
    const _csrf = await csrf(who, page);
    const { body } = await who.send(`${page}/passkeys/options`, { _csrf });
    asked.push({ who, fields: { _csrf, name: '', response: madeKey(body) } });
  }
  const answers = await Promise.all(asked.map(({ who, fields }) => who.send(`${page}/passkeys`, fields)));
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
  expect(await panel.panel.doors.connection.db.selectFrom('passkeys').select('credential_id').execute()).toHaveLength(20);
});

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
