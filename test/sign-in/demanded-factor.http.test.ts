// An operator who holds every row of ASVS levels 1 and 2: a second factor is demanded, passwords are long, passkeys are strong.
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor, wanted } from '../support/panel.ts';

let panel: TestPanel;
const email = 'owner@example.com';
const longPassword = 'quiet harbor lantern';
const app = '/account/security/app';

beforeEach(async () => {
  panel = await startPanel({ secondFactor: 'demanded', passwordRule: 'nist', passkeyKeys: 'strong' });
});
afterEach(() => panel.close());

/** Signs up and follows the letter. */
async function newcomer(): Promise<Visitor> {
  const visitor = new Visitor(panel);
  await visitor.submit('/signup', { ...wanted, email, password: longPassword });
  await visitor.submit(await visitor.linkFor(email, '/verify/'), {});
  return visitor;
}

async function setUp(visitor: Visitor): Promise<string> {
  const secret = /class="hash">([A-Z2-7 ]+)</.exec((await visitor.get(app)).text)?.[1]?.replaceAll(' ', '') ?? '';
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: panel.clock.now() });
  expect((await visitor.submit(app, { code })).status).toBe(303);
  panel.clock.advance(30_000);
  return secret;
}

describe('where a second factor is demanded', () => {
  test('who has none is led to set one up, and then goes on', async () => {
    const visitor = await newcomer();
    for (const path of ['/dashboard', '/files', '/backups', '/account/history', '/account/people']) {
      const { status, headers } = await visitor.get(path);
      expect([path, status, headers.location]).toEqual([path, 303, '/account/security']);
    }
    expect((await visitor.get('/account/security')).text).toContain('2단계 인증이 필수입니다');
    await setUp(visitor);
    expect((await visitor.get('/dashboard')).status).toBe(200);
    expect((await visitor.get('/account/security')).text).not.toContain('2단계 인증이 필수입니다');
  });

  test('nothing is changed and no program is served before', async () => {
    const visitor = await newcomer();
    const { _csrf = '' } = await visitor.hidden('/account/security', '/account/security/app');
    const token = String(_csrf || /name="_csrf" value="([^"]+)"/.exec((await visitor.get('/account/security')).text)?.[1]);
    const sent = await visitor.send('/account/people', { _csrf: token, email: 'friend@example.com' });
    expect([sent.status, sent.text.includes('2단계 인증이 필수입니다')]).toEqual([403, true]);
    const asked = await visitor.get('/dashboard').set('Accept', 'application/json');
    expect(asked.status).toBe(403);
  });

  test('leaving, the texts and light or dark stay open', async () => {
    const visitor = await newcomer();
    for (const path of ['/officers', '/documents/privacy', '/theme', '/confirm'])
      expect([path, (await visitor.get(path)).status]).toEqual([path, 200]);
    const { headers } = await visitor.submit('/account/security', {}, '/logout');
    expect(headers.location).toBe('/login');
  });

  test('whoever removes the last one sets up another, also in a browser that is signed in already', async () => {
    const visitor = await newcomer();
    const secret = await setUp(visitor);
    const other = new Visitor(panel);
    await other.logIn(email, { password: longPassword });
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: panel.clock.now() });
    await other.submit('/login/second-factor', { code });
    expect((await other.get('/dashboard')).status).toBe(200);
    await visitor.submit(`${app}/removal`, {});
    expect((await visitor.get('/dashboard')).headers.location).toBe('/account/security');
    expect((await other.get('/dashboard')).headers.location).toBe('/account/security');
    await setUp(visitor);
    expect((await other.get('/dashboard')).status).toBe(200);
  });
});

describe('with the rule of NIST', () => {
  test('fifteen of any kind are taken, and said to be the rule', async () => {
    const visitor = new Visitor(panel);
    expect((await visitor.get('/signup?plan=seed')).text).toContain('15자 이상');
    const short = await visitor.submit('/signup', { ...wanted, email, password: 'maple-Teacup-48'.slice(0, 14) });
    expect([short.status, short.text.includes('15자보다 짧습니다')]).toEqual([422, true]);
    const known = await visitor.submit('/signup', { ...wanted, email, password: 'qwertyuiopasdfgh' });
    expect(known.status).toBe(422);
    const letters = await visitor.submit('/signup', { ...wanted, email, password: longPassword });
    expect(letters.status).toBe(303);
  });
});

describe('with strong passkeys only', () => {
  test('a device is asked for keys of 128 bits', async () => {
    const visitor = await newcomer();
    const answer = await visitor.send(
      '/account/security/passkeys/options',
      await visitor.hidden('/account/security', '/account/security/passkeys'),
    );
    const { pubKeyCredParams } = JSON.parse(answer.text) as { pubKeyCredParams: { alg: number }[] };
    expect(pubKeyCredParams.map(({ alg }) => alg)).toEqual([-7, -8]);
  });
});
