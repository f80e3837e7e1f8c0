// The change of the secret: nothing is lost when it is killed in the middle, everything is written anew, and a wrong secret is refused.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Memberships } from '../src/accounts/memberships.ts';
import { AccountStore } from '../src/accounts/store.ts';
import { Audit } from '../src/audit/audit.ts';
import { holdKeys, rotateKeys, sealedTables, signingOf } from '../src/keys.ts';
import { InvitationStore } from '../src/people/store.ts';
import { StoppedClock } from '../src/platform/clock.ts';
import type { Connection } from '../src/platform/database/database.ts';
import { Secrets } from '../src/platform/secrets.ts';
import { Settings } from '../src/platform/settings.ts';
import { keyName, publicHalf, Signing } from '../src/platform/signing.ts';
import { FactorStore } from '../src/sign-in/factor-store.ts';
import { PasskeyStore } from '../src/sign-in/passkey-store.ts';
import { dumpOf, inClear } from './support/database-dump.ts';
import { engines, openTestDatabase } from './support/databases.ts';

const first = 'the first secret, at least thirty-two bytes';
const second = 'the second secret, at least thirty-two bytes';
const people = 250;
const address = (number: number) => `person-${number}@example.com`;
const known = {
  name: '홍길동',
  phone: '010-1234-5678',
  appSecret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  device: '회사 노트북',
  from: '203.0.113.77',
  agent: 'Some browser',
};

describe.each(engines)('on $name', ({ name: engine, missing }) => {
  let connection: Awaited<ReturnType<typeof openTestDatabase>>;
  let settings: Settings;
  const clock = new StoppedClock();
  const hold = async (...keys: [string, ...string[]]) => {
    const secrets = new Secrets(keys[0], keys.slice(1));
    await holdKeys(settings, secrets);
    return secrets;
  };

  beforeEach(async (context) => {
    if (missing) return context.skip(missing);
    connection = await openTestDatabase(engine, clock);
    settings = new Settings(connection, clock);
  });
  afterEach(() => connection?.remove());

  const stores = (secrets: Secrets) => ({
    accounts: new AccountStore(connection, secrets),
    factors: new FactorStore(connection, secrets),
    passkeys: new PasskeyStore(connection, secrets),
    audit: new Audit({ connection, secrets, clock }),
    memberships: new Memberships({ connection, secrets, clock }, new AccountStore(connection, secrets)),
    invitations: new InvitationStore(connection, secrets),
  });

  const rights = { role: 'developer', siteIds: ['s0'], networks: [known.from], endsAt: null } as const;
  const guest = { id: 'i0', customerId: 'c0', inviterId: 'p0000', email: 'guest@example.com', language: 'ko' } as const;
  const invite = (secrets: Secrets, id = 'i0') => {
    const { invitations, accounts } = stores(secrets);
    const keys = { token: id, emailIndex: accounts.emailIndex(guest.email) };
    return connection.write((tx) => invitations.add(tx, { ...guest, ...rights, id, createdAt: 1, expiresAt: 2 }, keys));
  };

  async function fill(secrets: Secrets): Promise<void> {
    const { accounts, factors, passkeys, audit, memberships } = stores(secrets);
    const rows = Array.from({ length: people }, (_, at) => ({
      ...accounts.personRow({
        ...{
          id: `p${String(at).padStart(4, '0')}`,
          email: address(at),
          passwordHash: 'x',
          language: 'ko',
          createdAt: 1,
          eraseAt: 1,
        },
        ...(at === 1 && { loginName: 'hong123' }),
        name: known.name,
        phone: at % 2 === 0 ? known.phone : undefined,
      }),
      verified_at: 1,
      erase_at: null,
    }));
    await connection.write(async (tx) => {
      for (const row of rows) await tx.insertInto('persons').values(row).execute();
      await factors.addApp(tx, { id: 'app', personId: 'p0000', secret: known.appSecret, step: 0, now: 1 });
      await factors.setCodes(tx, 'p0000', ['first-code', 'second-code'], 1);
      const key = { id: 'key', personId: 'p0000', publicKey: 'AAAA', counter: 0, transports: [], isBackedUp: false };
      await passkeys.add(tx, { ...key, name: known.device, createdAt: 1, usedAt: null });
      const actor = { kind: 'person', address: known.from, agent: known.agent } as const;
      await audit.record(tx, { action: 'signIn.succeeded', actor, subjectId: 'p0000' });
      await memberships.add(tx, { ...rights, personId: 'p0001', customerId: 'c0' });
    });
    expect(await invite(secrets)).toBe(true);
  }

  async function everythingIsThere(secrets: Secrets): Promise<void> {
    const { accounts, factors, passkeys, audit, memberships, invitations } = stores(secrets);
    const [place] = await memberships.ofCustomer('c0');
    const [invitation] = await invitations.open('c0');
    expect([place?.networks, invitation?.networks, invitation?.email]).toEqual([[known.from], [known.from], guest.email]);
    for (const at of [0, 1, 99, 100, 101, people - 1]) expect((await accounts.byLoginName(address(at)))?.name).toBe(known.name);
    expect((await accounts.byLoginName('HONG123'))?.email).toBe(address(1));
    expect(await accounts.phone('p0000')).toBe(known.phone);
    expect((await factors.app('p0000'))?.secret).toBe(known.appSecret);
    expect((await passkeys.of('p0000')).map((one) => one.name)).toEqual([known.device]);
    expect((await audit.rows({ subjectId: 'p0000', actions: ['signIn.succeeded'], since: 0 }, { count: 1 }))[0]).toMatchObject({
      address: known.from,
      agent: known.agent,
    });
  }

  test('everything is written anew, look-up values too, and the old secret can go', async () => {
    await fill(await hold(first));
    const both = await hold(second, first);
    await everythingIsThere(both);
    const { written, unreadable, left } = await rotateKeys({ connection, secrets: both, settings });
    expect({ unreadable, left, persons: written.get('persons'), second_factors: written.get('second_factors') }).toEqual({
      ...{ unreadable: [], left: 0, persons: people, second_factors: 1 },
    });
    const alone = await hold(second);
    await everythingIsThere(alone);
    const again = await rotateKeys({ connection, secrets: alone, settings });
    expect([...again.written.values()].every((rows) => rows === 0)).toBe(true);
    expect(await invite(alone, 'i1'), 'one open invitation an address, however it is looked up').toBe(false);
    // A code that was shown once is good once, though nobody can make its digest anew.
    const { factors } = stores(alone);
    expect(await connection.write((tx) => factors.useCode(tx, 'p0000', 'first-code', 2))).toBe(true);
    expect(await connection.write((tx) => factors.useCode(tx, 'p0000', 'first-code', 2))).toBe(false);
    // What was sealed by the first secret alone opens no more.
    await expect(hold(first)).rejects.toThrow('SECRET');
  });

  test('what was signed before is known for our own for ever, and nobody adds a key by writing to the database', async () => {
    const signed = await signingOf(settings, await hold(first));
    const signature = signed.sign('a manifest');
    const both = await hold(second, first);
    await signingOf(settings, both);
    await rotateKeys({ connection, secrets: both, settings });
    const alone = await signingOf(settings, await hold(second));
    expect(alone.keyName).not.toBe(signed.keyName);
    expect(alone.verifies('a manifest', signature, signed.keyName)).toBe(true);
    expect(alone.verifies('another', signature, signed.keyName)).toBe(false);
    const stranger = publicHalf(Buffer.alloc(32, 7));
    await settings.change(`keys.signer.${keyName(stranger)}`, () => stranger.toString('base64url'));
    const after = await signingOf(settings, await hold(second));
    expect(after.verifies('a manifest', new Signing(Buffer.alloc(32, 7)).sign('a manifest'), keyName(stranger))).toBe(false);
  });

  test('killed in the middle it goes on, people sign in meanwhile, and the old secret cannot go too early', async () => {
    await fill(await hold(first));
    const both = await hold(second, first);
    let writes = 0;
    const dying: Connection = {
      ...connection,
      write: (body) => {
        writes += 1;
        if (writes > 4) throw new Error('killed');
        return connection.write(body);
      },
    };
    await expect(rotateKeys({ connection: dying, secrets: both, settings })).rejects.toThrow('killed');
    await everythingIsThere(both);
    await expect(hold(second)).rejects.toThrow('SECRET');
    // Somebody signs up meanwhile.
    const row = stores(both).accounts.personRow({
      ...{
        id: 'new',
        email: 'new@example.com',
        name: undefined,
        phone: undefined,
        passwordHash: 'x',
        language: 'ko',
        createdAt: 1,
      },
      eraseAt: 1,
    });
    await connection.write((tx) =>
      tx
        .insertInto('persons')
        .values({ ...row, verified_at: 1 })
        .execute(),
    );
    expect((await rotateKeys({ connection, secrets: both, settings })).left).toBe(0);
    await everythingIsThere(await hold(second));
    expect((await stores(new Secrets(second)).accounts.byLoginName('new@example.com'))?.id).toBe('new');
  });

  test('a value that no secret opens stays as it is, is named, and keeps the old secret needed', async () => {
    await fill(await hold(first));
    const foreign = new Secrets('a third secret, at least thirty-two bytes').seal('x', {
      table: 'persons',
      column: 'name_sealed',
      row: 'p0007',
    });
    await connection.write((tx) => tx.updateTable('persons').set({ name_sealed: foreign }).where('id', '=', 'p0007').execute());
    const both = await hold(second, first);
    const { unreadable, left } = await rotateKeys({ connection, secrets: both, settings });
    expect({ unreadable, left }).toEqual({ unreadable: ['persons.name_sealed of row p0007'], left: 1 });
    await everythingIsThere(both);
    await expect(hold(second)).rejects.toThrow('SECRET');
  });

  test('another secret is refused before anything is read or written', async () => {
    await hold(first);
    await expect(hold(second)).rejects.toMatchObject({ faults: [{ setting: 'SECRET' }] });
    expect(await hold(first)).toBeDefined();
  });

  test('values of the version before keys had ids are opened and written anew', async () => {
    const secrets = await hold(first);
    await fill(secrets);
    // As it was written: with the key of the purpose `seal.k1`.
    const { createCipheriv } = await import('node:crypto');
    const cipher = createCipheriv('aes-256-gcm', secrets.key('seal.k1'), Buffer.alloc(12)).setAAD(
      Buffer.from(JSON.stringify(['persons', 'name_sealed', 'p0003'])),
    );
    const body = Buffer.concat([cipher.update('이영희'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    await connection.write((tx) =>
      tx
        .updateTable('persons')
        .set({ name_sealed: `v1.k1.${Buffer.alloc(12).toString('base64url')}.${body}` })
        .where('id', '=', 'p0003')
        .execute(),
    );
    const both = await hold(second, first);
    expect((await stores(both).accounts.byId('p0003'))?.name).toBe('이영희');
    expect((await rotateKeys({ connection, secrets: both, settings })).left).toBe(0);
    expect((await stores(await hold(second)).accounts.byId('p0003'))?.name).toBe('이영희');
  });

  test('every sealed column of the schema is bound to a column that exists, and every look-up column is known', async () => {
    const tables = await connection.owner.introspection.getTables();
    const columnsOf = (table: string) => tables.find(({ name }) => name === table)?.columns.map((column) => column.name) ?? [];
    const sealed = await sealedTables(connection.owner);
    expect(sealed.map(({ name }) => name).sort()).toEqual(
      expect.arrayContaining([
        'audit_personal',
        'consents_personal',
        'letters',
        'passkeys',
        'persons',
        'second_factors',
        'sessions',
      ]),
    );
    for (const { name, key } of sealed) expect(columnsOf(name), name).toContain(key);
    const looked = tables.flatMap(({ name, columns }) =>
      columns.filter((column) => column.name.endsWith('_index')).map((column) => `${name}.${column.name}`),
    );
    // Another one has to be written anew by src/keys.ts too; waits last for hours and are forgotten.
    expect(looked.sort()).toEqual([
      'invitations.email_index',
      'persons.email_index',
      'persons.login_name_index',
      'persons.phone_last4_index',
      'sign_in_waits.login_index',
    ]);
  });

  test('a dump of the database shows no address, name, phone, device, network address or secret of a factor', async () => {
    await fill(await hold(first));
    const dump = await dumpOf(connection.url);
    expect(dump.length).toBeGreaterThan(10_000);
    expect(inClear(dump, ['p0000'])).toEqual(['p0000']);
    const { name, phone, appSecret, device, from, agent } = known;
    const secrets = [address(0), 'person-', 'hong123', name, phone, '12345678', appSecret, device, from, agent, 'first-code'];
    expect(inClear(dump, secrets)).toEqual([]);
  });
});
