// The erasure of an account: whatever tells of it is found nowhere any more, cut off at each step it goes on, and no other customer loses a
// byte (KHADA 7.2; security.md G.4).
import { createPublicKey, verify } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closingCommand } from '../../src/closing-commands.ts';
import { day } from '../../src/platform/clock.ts';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import { publicHalf } from '../../src/platform/signing.ts';
import { erasedTables } from '../../src/termination/erased-tables.ts';
import { type SignedCertificate, Termination } from '../../src/termination/termination.ts';
import { bytesOf, make } from '../databases/owners.ts';
import { makeAccount, withRoom } from '../ftp/customer.ts';
import { type Household, household } from '../gates/household.ts';
import { dumpOf, inClear } from '../support/database-dump.ts';
import { administrator } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { twoTiers } from '../support/two-tiers.ts';
import { closeAccount, customerIdOf, eraseAccount, marksIn, rounds, treeDigest } from './leavers.ts';

const email = 'canary-of-the-mine@example.com';
const marks = {
  name: '홍길순표식',
  email,
  phone: '010-9753-8642',
  file: 'canary-file-7f3a9c51',
  database: 'canary-row-5b2e8d44',
  said: 'canary-reason-19c4',
};

const { tiers, folder: tiersFolder } = twoTiers();
let house: TestPanel;
let leaver: Household;
let neighbour: { readonly email: string; readonly site: string };
let leaverId: string;
let neighbourId: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, tiers });
  await hostDatabases(house, ['mariadb']);
  neighbour = await moveInNextDoor('neighbour@example.com');
  leaver = await household(house, email);
  [leaverId, neighbourId] = [await customerIdOf(house, email), await customerIdOf(house, neighbour.email)];
  await plantMarks();
  await house.work();
});
afterAll(() => house && closeHosted(house));

/** A customer with files, a database, an FTP account and a backup, to whom nothing may happen. */
async function moveInNextDoor(address: string): Promise<typeof neighbour> {
  const visitor = new Visitor(house);
  const site = await visitor.arrive(address, { plan: 'forest' });
  await visitor.upload(site, [{ name: 'album/one.html', body: '<p>one' }]);
  await make(visitor, site, { db_name: 'shop', engine: 'mariadb' });
  await withRoom(house);
  await makeAccount(visitor, site);
  await visitor.submit(`/sites/${site}/backups`, {});
  await house.work();
  return { email: address, site };
}

/** Everywhere where something of a customer may lie. */
async function plantMarks(): Promise<void> {
  const { accounts, connection, secrets, incoming, sites } = house.panel.doors;
  const { id } = (await accounts.byLoginName(email)) ?? { id: '' };
  const seal = (column: string, text: string) => secrets.seal(text, { table: 'persons', column, row: id });
  const about = { name_sealed: seal('name_sealed', marks.name), phone_sealed: seal('phone_sealed', marks.phone) };
  await connection.write((tx) => tx.updateTable('persons').set(about).where('id', '=', id).execute());
  const { visitor, site: name } = leaver;
  const top = join(house.folder, 'sites', name);
  await mkdir(join(top, 'www', marks.file), { recursive: true });
  // Not to be made smaller: what a ZIP holds can be looked for then.
  for (const place of [`www/${marks.file}/page.html`, 'trash/left']) await writeFile(join(top, place), `<?php // ${marks.file}`);
  await writeFile(join(house.folder, 'unfinished', leaver.unfinished), marks.file);
  await writeFile(join(house.folder, 'arriving', leaver.arriving), marks.file);
  const site = await sites.byName(name);
  await house.work();
  await incoming.kept.hold(site, leaver.finding, { kind: 'system' });
  await writeFile(join(house.folder, 'held', site.id, leaver.finding), marks.file);
  const server = databaseServer(administrator('mariadb'));
  const shop = { name: `${name}_shop`, user: `${name}_shop` };
  const { Readable } = await import('node:stream');
  await server.load(
    shop,
    Readable.from([`CREATE TABLE canaries (word varchar(50));\nINSERT INTO canaries VALUES ('${marks.database}');\n`]),
    {},
  );
  await visitor.submit(`/sites/${name}/backups`, {});
  await visitor.submit(`/sites/${name}/databases/${leaver.database}/password`, { db_password: '' });
  expect((await bytesOf(visitor, `/sites/${name}/databases/${leaver.database}/download`)).status).toBe(200);
}

/** What the customer called their databases: the word behind the site's name is theirs. */
const chosenNames = () => ['shop', 'spare', 'gone'].map((word) => `${leaver.site}_${word}`);

const folders = () => [house.folder, tiersFolder];
const plain = {
  name: marks.name,
  email: marks.email,
  phone: marks.phone,
  file: marks.file,
  database: marks.database,
  said: marks.said,
};

async function rowsOf(customerId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [table, how] of Object.entries(erasedTables)) {
    if (how.by !== 'customer') continue;
    const row = await house.panel.doors.connection.db
      .selectFrom(table as 'orders')
      .select((eb) => eb.fn.countAll().as('count'))
      .where('customer_id', '=', customerId)
      .executeTakeFirstOrThrow();
    counts[table] = Number(row.count);
  }
  return counts;
}

const ofSite = (name: string, id: string) => [
  ...['sites', 'closed', 'archives'].map((part) => join(house.folder, part, name)),
  join(house.folder, 'held', id),
  ...['short-term', 'long-term'].map((part) => join(tiersFolder, part, id)),
];
const digestOf = async (name: string) => {
  const { id } = await house.panel.doors.sites.byName(name);
  const parts = await Promise.all(ofSite(name, id).map((folder) => treeDigest(folder).catch(() => 'nothing')));
  return parts.join('\n');
};

describe('an account whose day has come', () => {
  let certificateLink: string;
  let page: string;
  let certificate: SignedCertificate;
  let before: { tree: string; rows: Record<string, number> };
  let siteId: string;
  const steps: string[] = [];

  test('has what is looked for in all these places, so that finding nothing later means something', async () => {
    siteId = (await house.panel.doors.sites.byName(leaver.site)).id;
    const hits = (await marksIn(folders(), plain)).map((hit) => hit.replace(house.folder, '').replace(tiersFolder, ''));
    for (const place of ['/sites/', '/held/', '/unfinished/', '/arriving/', '/outbox/'])
      expect([place, hits.some((hit) => hit.includes(place))]).toEqual([place, true]);
    const own = await rowsOf(leaverId);
    for (const table of [
      'sites',
      'databases',
      'backups',
      'ftp_accounts',
      'restores',
      'file_findings',
      'tier_snapshots',
      'unfinished_uploads',
      'unfinished_archives',
      'uploads',
    ])
      expect([table, (own[table] ?? 0) > 0]).toEqual([table, true]);
    expect(inClear(await dumpOf(house.databaseUrl), chosenNames())).toEqual(chosenNames());
    before = { tree: await digestOf(neighbour.site), rows: await rowsOf(neighbourId) };
    expect(before.tree.length).toBeGreaterThan(500);
  });

  test('is erased to the end although it is cut off at every step, twice', async () => {
    const { doors } = house.panel;
    await doors.termination.close(leaverId, { because: 'customer', said: marks.said }, { kind: 'operator' });
    await house.work();
    house.clock.advance(30 * day);
    // What another worker would do by night is not what this test is about.
    const seen = new Set<string>();
    const moment = async (step: string) => {
      if (seen.has(step)) return;
      seen.add(step);
      steps.push(step);
      throw new Error(`cut off at ${step}`);
    };
    const inData = (name: string) => join(house.folder, name);
    const folders = {
      drills: inData('drills'),
      restoring: inData('restoring'),
      moving: inData('moving'),
      outbox: inData('outbox'),
    };
    const cut = new Termination({ ...doors, folders, erasuresFile: inData('erasures.list'), moment });
    const [closure] = await cut.open();
    const run = { signal: new AbortController().signal };
    // As a worker of then is no sign of life any more; the households leave a job that nobody ends.
    for (let round = 0; round < 80 && (await cut.open()).length > 0; round += 1) {
      await cut.erase(closure?.id ?? '', run).catch((error) => {
        if (!/^cut off/.test(String(error.message))) throw error;
      });
      if (steps.at(-1) === 'letter' && !certificateLink) {
        certificateLink = await new Visitor(house).linkFor(email, '/certificates/');
        const { text, status } = await new Visitor(house).get(certificateLink);
        expect(status).toBe(200);
        page = text;
      }
    }
    expect((await cut.open()).map(({ fault }) => fault)).toEqual([]);
    expect(steps.length).toBeGreaterThan(25);
    expect(steps).toContain('people done');
  });

  test('is found nowhere: not in DATA_DIR, tiers, outbox, lists, nor in the database or its log', async () => {
    expect(await marksIn(folders(), plain)).toEqual([]);
    expect(inClear(await dumpOf(house.databaseUrl), [...Object.values(plain), ...chosenNames()])).toEqual([]);
    for (const path of ofSite(leaver.site, siteId))
      expect([path, await treeDigest(path).catch(() => 'nothing')]).toEqual([path, 'nothing']);
    for (const name of ['shop', 'spare', 'gone']) {
      const hosted = { name: `${leaver.site}_${name}`, user: `${leaver.site}_${name}` };
      await expect(databaseServer(administrator('mariadb')).tables(hosted)).rejects.toMatchObject({ status: 404 });
    }
  });

  test('has no row any more but pseudonyms, and its key in the tiers is destroyed for good', async () => {
    const { db } = house.panel.doors.connection;
    expect(Object.values(await rowsOf(leaverId)).filter((count) => count > 0)).toEqual([]);
    const { doors } = house.panel;
    expect(await doors.accounts.byLoginName(email)).toBeUndefined();
    expect(await doors.accounts.byLoginName(`developer-of-${email}`)).toBeUndefined();
    expect(
      await db
        .selectFrom('audit_personal')
        .innerJoin('audit', 'audit.id', 'audit_personal.id')
        .select('audit.id')
        .where('customer_id', '=', leaverId)
        .execute(),
    ).toEqual([]);
    const keys = await db.selectFrom('tier_keys').selectAll().where('site_id', '=', siteId).execute();
    expect(keys.map(({ password_sealed, destroyed_at }) => [password_sealed, destroyed_at !== null])).toEqual([
      [null, true],
      [null, true],
    ]);
    const jobs = await db.selectFrom('jobs').selectAll().where('customer_id', '=', leaverId).execute();
    expect(jobs).toEqual([]);
  });

  test('leaves no trace at anybody else', async () => {
    const rows = await rowsOf(neighbourId);
    // The month that passed expired some of their links and grants; nothing else may differ.
    const expiring = ['backup_links', 'download_grants', 'database_grants', 'sessions'];
    for (const table of expiring) delete rows[table];
    for (const table of expiring) delete before.rows[table];
    expect(rows).toEqual(before.rows);
    expect(await digestOf(neighbour.site)).toBe(before.tree);
    expect((await new Visitor(house).logIn(neighbour.email)).status).toBe(303);
    const shop = { name: `${neighbour.site}_shop`, user: `${neighbour.site}_shop` };
    expect(await databaseServer(administrator('mariadb')).tables(shop)).toEqual([]);
  });

  test('has a certificate that says what and when, verifiable with the public key alone, and nobody in it', async () => {
    expect(page).not.toMatch(new RegExp(Object.values(marks).join('|')));
    const answer = await new Visitor(house).get(`${certificateLink}/json`);
    expect(answer.headers['content-disposition']).toContain('attachment');
    certificate = answer.body;
    expect(certificate.destroyed).toMatchObject({ sites: 1, databases: 2, ftpAccounts: 1, people: 2 });
    expect(certificate.destroyed.backups).toBeGreaterThan(1);
    expect(certificate.destroyed.heldFiles).toBeGreaterThan(0);
    // By its description alone: Ed25519 over the statement's bytes.
    const raw = publicHalf(house.panel.doors.secrets.key('signature of manifests'));
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') } });
    const proves = (text: string) => verify(null, Buffer.from(text), key, Buffer.from(certificate.signature, 'base64url'));
    expect(proves(certificate.statement)).toBe(true);
    expect(proves(certificate.statement.replace('sites: 1', 'sites: 2'))).toBe(false);
    expect(certificate.statement).toContain('Destroyed-databases: 2\n');
    expect((await new Visitor(house).get('/certificates/never-given')).status).toBe(404);
  });

  test('is known by its contract alone, apart, until the law lets go of it', async () => {
    const { doors } = house.panel;
    const found = JSON.parse(await closingCommand(['kept', email], doors));
    expect(found).toHaveLength(1);
    expect(found[0].content.orders.map(({ plan }: { plan: string }) => plan)).toEqual(['forest']);
    expect(JSON.stringify(found)).not.toMatch(new RegExp(Object.values(marks).join('|')));
    expect(new Date(found[0].endsAt).getUTCFullYear()).toBe(new Date(certificate.closedAt).getUTCFullYear() + 5);
    expect(await closingCommand(['certificate', certificate.number], doors)).toContain(certificate.signature);
    // An erased one is not undone.
    await expect(doors.termination.reopen(leaverId, { kind: 'operator' })).rejects.toMatchObject({ status: 410 });
    expect(await doors.termination.kept.sweep(found[0].endsAt - 1)).toBe(0);
    expect(await doors.termination.kept.sweep(found[0].endsAt)).toBe(1);
    expect(await closingCommand(['kept', email], doors)).toContain('Nothing');
    expect((await new Visitor(house).get(certificateLink)).status).toBe(404);
  });

  test('can sign up again with the same address, as somebody new', async () => {
    const again = new Visitor(house);
    const site = await again.arrive(email);
    expect(site).not.toBe(leaver.site);
    expect(await customerIdOf(house, email)).not.toBe(leaverId);
  });
});

test('a certificate in the database that somebody has changed is shown to nobody', async () => {
  await new Visitor(house).arrive('brief@example.com');
  const link = await eraseAccount(house, 'brief@example.com');
  const visitor = new Visitor(house);
  expect((await visitor.get(link)).status).toBe(200);
  const { connection } = house.panel.doors;
  const change = (from: string, to: string) =>
    connection.write(async (tx) => {
      const row = await tx.selectFrom('closures').selectAll().where('certificate', 'is not', null).executeTakeFirstOrThrow();
      await tx
        .updateTable('closures')
        .set({ certificate: row.certificate?.replace(from, to) ?? null })
        .where('id', '=', row.id)
        .execute();
    });
  await change('"sites":1', '"sites":9');
  expect((await visitor.get(link)).status).toBe(404);
});

test('what somebody once caused at another customer is that one’s letter, and is sent', async () => {
  const [leaving, guest] = ['helper-once@example.com', 'invited@example.com'];
  await new Visitor(house).arrive(leaving);
  const { accounts, connection, letters } = house.panel.doors;
  const helper = (await accounts.byLoginName(leaving))?.id ?? '';
  // A place there that has ended meanwhile.
  const to = { template: 'account-reopened', language: 'ko', parameters: { at: 0, eraseAt: 0, number: '', token: '' } } as const;
  const [theirs, mine] = await connection.write(async (tx) => [
    await letters.queue(tx, { ...to, to: guest, actorPersonId: helper, customerId: neighbourId }),
    await letters.queue(tx, { ...to, to: leaving, actorPersonId: helper, customerId: neighbourId }),
  ]);
  const own = await customerIdOf(house, leaving);
  await closeAccount(house, leaving, 0);
  // Without the worker, which would send both before.
  const { termination } = house.panel.doors;
  const run = { signal: new AbortController().signal };
  const closing = async () => (await termination.of(own)) ?? { id: '', letterId: null, erasedAt: null };
  await termination.erase((await closing()).id, run);
  await letters.send((await closing()).letterId ?? '');
  await termination.erase((await closing()).id, run);
  expect((await closing()).erasedAt).not.toBeNull();
  const left = await connection.db
    .selectFrom('letters')
    .selectAll()
    .where('id', 'in', [theirs ?? '', mine ?? ''])
    .execute();
  expect(left.map(({ id, actor_person_id }) => [id, actor_person_id])).toEqual([[theirs, null]]);
  await letters.send(theirs ?? '');
  expect((await house.letters()).filter((letter) => letter.includes(`To: ${guest}`))).toHaveLength(1);
});

test('whoever has a place elsewhere keeps it, and their own account', async () => {
  const both = 'both@example.com';
  await new Visitor(house).arrive(both);
  const person = (await house.panel.doors.accounts.byLoginName(both))?.id ?? '';
  const { accounts, connection } = house.panel.doors;
  const rights = { role: 'viewer', siteIds: null, networks: [], endsAt: null } as const;
  await connection.write((tx) => accounts.memberships.add(tx, { ...rights, personId: person, customerId: neighbourId }));
  const own = await customerIdOf(house, both);
  await closeAccount(house, both, 0);
  await rounds(house);
  expect((await house.panel.doors.termination.of(own))?.erasedAt).not.toBeNull();
  expect((await accounts.byLoginName(both))?.id).toBe(person);
  expect((await new Visitor(house).logIn(both)).status).toBe(303);
});
