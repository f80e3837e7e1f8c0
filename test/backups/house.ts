// Backups in a temporary house: real database, real disks, a stopped clock; and sites with an owner in it.

import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Accounts } from '../../src/accounts/accounts.ts';
import { PasswordHashing } from '../../src/accounts/hashing.ts';
import { AccountStore } from '../../src/accounts/store.ts';
import { type Actor, Audit } from '../../src/audit/audit.ts';
import { Backups } from '../../src/backups/backups.ts';
import { BackupStore } from '../../src/backups/store.ts';
import { Consent } from '../../src/consent/consent.ts';
import { Databases } from '../../src/databases/databases.ts';
import { signingOf } from '../../src/keys.ts';
import type { Choices } from '../../src/options.ts';
import { Orders, readRules } from '../../src/orders/orders.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { hour, localDay, localStamp, StoppedClock } from '../../src/platform/clock.ts';
import { databaseCounters } from '../../src/platform/counters/database-counters.ts';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseAccess } from '../../src/platform/database-server/port.ts';
import { newId } from '../../src/platform/ids.ts';
import type { JobRun } from '../../src/platform/jobs/port.ts';
import { tableQueue } from '../../src/platform/jobs/table-queue.ts';
import { Letters } from '../../src/platform/mail/letters.ts';
import { outbox } from '../../src/platform/mail/outbox.ts';
import { Secrets } from '../../src/platform/secrets.ts';
import { Settings } from '../../src/platform/settings.ts';
import { folderHost } from '../../src/platform/site-host/folders.ts';
import { diskArchives } from '../../src/platform/storage/archives.ts';
import { type Site, Sites } from '../../src/sites/sites.ts';
import { passwordRules } from '../accounts/rules.ts';
import { openTestDatabase } from '../support/databases.ts';

export const zone = 'Asia/Seoul';

/** How nights of the house go. */
type Given = Partial<Pick<Choices, 'backupUntil' | 'backupsAtOnce' | 'backupsPerServer' | 'backupHours'>>;

export type House = Awaited<ReturnType<typeof openHouse>>;

/** @param start 2026-11-22 12:00 in Korea unless given */
export async function openHouse(start = '2026-11-22T03:00:00Z', given: Given = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-backups-'));
  const clock = new StoppedClock(start);
  const connection = await openTestDatabase(undefined, clock);
  const secrets = new Secrets('a secret for tests only, long enough to be one');
  const queue = tableQueue(connection, { clock });
  const audit = new Audit({ connection, secrets, clock });
  const mailer = outbox(join(folder, 'outbox'), { from: 'panel@example.com', logLine: () => {} });
  const letters = new Letters({ connection, queue, mailer, secrets, clock, render: async () => ({ subject: '', text: '' }) });
  const consent = new Consent({ connection, secrets, clock, documentsFolder: packageFolder('views/documents') });
  const ruleOf = readRules(packageFolder('views/documents/sla-rules.json'));
  const orders = new Orders({ connection, consent, audit, clock, ruleOf });
  const rate = { count: 100, windowMilliseconds: hour };
  const accounts = new Accounts({
    ...{ connection, secrets, clock, orders, consent, audit, letters, queue },
    counters: databaseCounters(connection, clock),
    settings: new Settings(connection, clock),
    hashing: new PasswordHashing({ concurrency: 1 }),
    memoryBytes: 2 ** 32,
    passwords: passwordRules(),
    choices: { brand: { name: '곳간' }, limits: { lettersPerAddress: rate } } as never,
  });
  const places = { root: join(folder, 'sites'), closedRoot: join(folder, 'closed') };
  const sites = new Sites({ connection, queue, audit, clock, host: folderHost(places), leaseMilliseconds: 60_000 });
  await sites.servers.prepare('this-machine', places.root);
  const archives = diskArchives(join(folder, 'archives'));
  const pace = { backupUntil: undefined, backupsAtOnce: 8, backupsPerServer: 2, backupHours: 6, ...given };
  const choices = { timeZone: zone, backupAt: '03:00', keepDaily: 7, keepWeekly: 5, ...pace };
  const owners = new Map<string, string>();
  const owner = async (customerId: string) => accounts.person(owners.get(customerId) ?? '');
  const signing = await signingOf(new Settings(connection, clock), secrets);
  const log = { info: () => {}, warn: () => {} } as never;
  const reached = async (_server: string, access: DatabaseAccess) => access;
  const databases = new Databases({
    ...{ connection, secrets, clock, queue, audit, letters, accounts, orders, sites, archives, log, databaseServer, reached },
    ...{ passwords: passwordRules(), limits: { importBytes: 1e9 } },
  });
  const parts = {
    ...{ databases, signing, drillsFolder: join(folder, 'drills') },
    arriving: { folder: join(folder, 'arriving'), leaseMilliseconds: 60_000, keptHours: 24, reserveBytes: 1 },
    ...{ connection, clock, queue, audit, letters, orders, sites, archives, choices },
    accounts: { person: (id: string) => accounts.person(id), owner },
    log,
  };
  const backups = new Backups(parts);
  const pathIn = (site: Site, ...path: string[]) => join(places.root, site.name, ...path);
  /** The disk has the time of the machine; what a backup sees shall be of the house's own. */
  const date = (path: string) => utimes(path, clock.now() / 1000, clock.now() / 1000);

  return {
    ...parts,
    /** what its doors stand on: `letters` among them, which is a question here */
    parts,
    backups,
    folder,
    archivesFolder: join(folder, 'archives'),
    /** Another process on the same database and disks. */
    secondBackups: () => new Backups(parts),
    /** Opens a site with an owner; `manualBackups` a day. */
    async openSite(manualBackups = 3): Promise<{ site: Site; personId: string; actor: Actor }> {
      const now = clock.now();
      const [personId, customerId, orderId] = [newId(now), newId(now), newId(now)];
      const store = new AccountStore(connection, secrets);
      const address = `${personId}@example.com`;
      const hash = 'none';
      const row = store.personRow({
        id: personId,
        email: address,
        name: undefined,
        phone: undefined,
        passwordHash: hash,
        language: 'ko',
        createdAt: now,
        eraseAt: now,
      });
      await connection.write(async (tx) => {
        await store.add(tx, row, customerId, newId(now));
        await tx
          .insertInto('orders')
          .values(orderRow({ id: orderId, customer_id: customerId, manual_backups: manualBackups, placed_at: now }))
          .execute();
      });
      owners.set(customerId, personId);
      const name = await connection.write((tx) =>
        sites.prepare(tx, { id: orderId, customerId, storageBytes: 1e9 }, { kind: 'system' }),
      );
      await queue.drain({ 'sites.open': (run) => sites.open(String(run.payload.siteId)) });
      const site = await sites.find({ customerId, siteIds: null }, name);
      for (const file of await readdir(pathIn(site, 'www'))) await date(pathIn(site, 'www', file));
      return {
        site,
        personId,
        actor: { kind: 'person', personId, address: '203.0.113.9', agent: 'test' },
      };
    },
    /** Writes files into a site's `www/` as the site's own programs do. */
    async put(site: Site, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
      for (const [path, content] of Object.entries(files)) {
        const target = pathIn(site, 'www', path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, content);
        await date(target);
      }
    },
    pathIn,
    /** @returns what an FTP client sees in `backup/` */
    shown: async (site: Site) => (await readdir(join(places.root, site.name, 'backup'))).sort(),
    archivesOf: async (site: Site) => (await archives.list(site.name)).map(({ key }) => key.slice(site.name.length + 1)).sort(),
    /** Everything in the folder of archives, unfinished ones too. */
    filesOf: async (site: Site) => (await readdir(join(folder, 'archives', site.name)).catch(() => [])).sort(),
    /** Does every backup job that is due. */
    work: (with_: Backups = backups) =>
      queue.drain({
        'backups.make': (run) => with_.make(String(run.payload.backupId), run),
        'backups.verify': (run) => with_.verify(String(run.payload.backupId), run),
        'backups.prove': (run) => with_.drills.prove(String(run.payload.siteId), run),
      }),
    /** A good nightly backup of this very moment, with an archive of a few bytes: for many nights in a short time. */
    async addGood(site: Site): Promise<void> {
      const at = clock.now();
      const file_name = `${site.name}-${localStamp(at, zone)}.zip`;
      const staged = await archives.stage(`${site.name}/${file_name}`);
      await writeFile(staged.path, 'few');
      await staged.commit();
      const row = { id: newId(at), site_id: site.id, customer_id: site.customerId, actor_person_id: null, queued_at: at };
      const store = new BackupStore(connection);
      await connection.write(async (tx) => {
        await store.add(tx, { ...row, kind: 'nightly', day: localDay(at, zone) });
        const made = {
          state: 'verified',
          file_name,
          bytes: 3,
          sha256: 'none',
          made_at: at,
          verified_at: at,
          data_at: at,
        } as const;
        await store.change(tx, { id: row.id, state: 'queued', startedAt: null }, made);
      });
    },
    /** What the timetable does in the night of this local day. */
    async night(): Promise<void> {
      await backups.nights.keep(localDay(clock.now(), zone), clock.now());
    },
    audited: async (action: string) => connection.db.selectFrom('audit').selectAll().where('action', '=', action).execute(),
    letters: async (template: string) =>
      connection.db.selectFrom('letters').selectAll().where('template', '=', template).execute(),
    async close(): Promise<void> {
      await queue.close();
      await connection.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One attempt of a job. */
export function aRun(more: Partial<JobRun> = {}): JobRun {
  return { payload: {}, attempt: 1, lastAttempt: false, signal: new AbortController().signal, ...more };
}

const orderRow = (row: { id: string; customer_id: string; manual_backups: number; placed_at: number }) => ({
  actor_person_id: null,
  plan: 'small',
  price_won: 0,
  storage_bytes: 1e9,
  backup_variant: 'none' as const,
  consented_at: row.placed_at,
  ended_at: null,
  ...row,
});
