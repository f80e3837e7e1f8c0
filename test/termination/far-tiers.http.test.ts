// The erasure of an account whose backups lie in restic's repositories behind SFTP and on S3: keys destroyed, objects removed where the
// store lets them go, and nothing of anybody else's (KHADA 7.2, 8.5; security.md G.4).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { minute } from '../../src/platform/clock.ts';
import type { BackupTier } from '../../src/platform/tier/port.ts';
import { resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import type { TiersParts } from '../../src/tiers/tiers.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { type BackupServer, startS3, startSftp } from '../tiers/servers.ts';
import { closeAccount, customerIdOf, filesBelow, marksIn, rounds } from './leavers.ts';

const mark = 'canary-behind-tiers-61f0';
const signal = new AbortController().signal;
const names = ['short-term', 'long-term'] as const;
const trusted = process.env.SSL_CERT_FILE;
let folder: string;
let sftp: BackupServer;
let s3: BackupServer;
let house: TestPanel;
/** as the panel has them, with their keys as they were: what a thief of an older database would try */
const thieves = new Map<string, BackupTier>();

// GOTGAN_SLOW_TESTS=1: some hundred runs of restic
describe.skipIf(!process.env.GOTGAN_SLOW_TESTS)('tiers behind SFTP and on S3', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gotgan-far-'));
    const [near, far] = [await startSftp(), await startS3()];
    [sftp, s3] = [near, far];
    process.env.SSL_CERT_FILE = far.certificate;
    const reach = { kilobytesPerSecond: undefined, patience: 60_000 };
    const addressOf = (text: string) => tierAddress(text) as ResticAddress;
    const ways = {
      'short-term': {
        ...reach,
        address: addressOf(`restic:${near.address}`),
        hostKey: near.hostKey,
        privateKey: near.privateKey,
      },
      'long-term': { ...reach, address: addressOf(`restic:${far.address}/tier`), hostKey: undefined, privateKey: '' },
    };
    const tiers: TiersParts['setUp'] = (keys) =>
      names.map((name) => {
        const known = new Map<string, string>();
        const kept = keys(name);
        const own = {
          forKeeping: async (site: string) => {
            const key = await kept.forKeeping(site);
            known.set(site, key);
            return key;
          },
          forReading: kept.forReading,
        };
        const remembered = { forKeeping: kept.forKeeping, forReading: async (site: string) => known.get(site) };
        thieves.set(name, resticTier({ ...ways[name], keys: remembered, working: join(folder, `thief-${name}`) }));
        const tier = resticTier({ ...ways[name], keys: own, working: join(folder, name) });
        return { name, tier, isElsewhere: true, place: undefined };
      });
    house = await startPanel({ limitsScale: 1000, tiers });
  });
  afterAll(async () => {
    await house?.close();
    for (const server of [sftp, s3]) await server?.close();
    if (trusted === undefined) delete process.env.SSL_CERT_FILE;
    else process.env.SSL_CERT_FILE = trusted;
    await rm(folder, { recursive: true, force: true });
  });

  /** A customer with one file and a backup of it in both tiers. @returns the site's id */
  async function moveIn(email: string, text: string): Promise<string> {
    const visitor = new Visitor(house);
    const name = await visitor.arrive(email);
    await visitor.upload(name, [{ name: 'index.html', body: text.repeat(5000) }]);
    await visitor.submit(`/sites/${name}/backups`, {});
    await house.work();
    return (await house.panel.doors.sites.byName(name)).id;
  }

  const held = async (site: string) =>
    Promise.all(
      names.map(
        async (name) =>
          (
            await thieves
              .get(name)
              ?.list(site, signal)
              .catch(() => [])
          )?.length ?? 0,
      ),
    );
  /** Whatever both stores hold of a site: packs, snapshots, keys and configuration. */
  async function contentsOf(site: string): Promise<string[]> {
    const paths = (await Promise.all([sftp, s3].map(async (server) => [...(await filesBelow(server.folder)).keys()]))).flat();
    return paths.filter((path) => path.includes(`/${site}/`));
  }
  const keysOf = (site: string) =>
    house.panel.doors.connection.db.selectFrom('tier_keys').select(['password_sealed']).where('site_id', '=', site).execute();
  const erased = async (email: string): Promise<void> => {
    const customer = await customerIdOf(house, email);
    await closeAccount(house, email, 0);
    await rounds(house, 4);
    expect((await house.panel.doors.termination.of(customer))?.erasedAt).not.toBeNull();
  };

  test('keys are destroyed and objects gone behind SFTP and on S3, and the neighbour’s backups are whole', async () => {
    const neighbour = await moveIn('next-door@example.com', 'neighbour ');
    const leaver = await moveIn('far-away@example.com', `${mark} `);
    expect([await held(leaver), await held(neighbour)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect((await contentsOf(leaver)).length).toBeGreaterThan(3);
    const others = await contentsOf(neighbour);
    await erased('far-away@example.com');
    expect(await keysOf(leaver)).toEqual([{ password_sealed: null }, { password_sealed: null }]);
    expect([await held(leaver), await contentsOf(leaver)]).toEqual([[0, 0], []]);
    expect(await contentsOf(neighbour)).toEqual(others);
    for (const name of names)
      expect(await thieves.get(name)?.check(neighbour, { part: 1, parts: 1 }, signal)).toMatchObject({
        damaged: [],
        complaint: undefined,
      });
    expect(await marksIn([house.folder, folder, sftp.folder, s3.folder], { mark, email: 'far-away@example.com' })).toEqual([]);
  });

  test('what a store that is away does not remove is opened by no key any more, the erasure ends, and it is removed when the store is back', async () => {
    const leaver = await moveIn('out-of-reach@example.com', `${mark} `);
    await s3.kill();
    await erased('out-of-reach@example.com');
    await s3.restart();
    const left = await contentsOf(leaver);
    expect(left.length).toBeGreaterThan(1);
    expect(left.every((path) => path.startsWith(s3.folder))).toBe(true);
    expect(await keysOf(leaver)).toEqual([{ password_sealed: null }, { password_sealed: null }]);
    expect(await marksIn([house.folder, folder, sftp.folder, s3.folder], { mark })).toEqual([]);
    house.clock.advance(61 * minute);
    await house.panel.doors.tiers.tidy();
    expect(await contentsOf(leaver)).toEqual([]);
  });
});
