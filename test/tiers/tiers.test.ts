// Backups on their way into two tiers: every good one short-term, the first of a week long-term, and what is said when one cannot be taken (KHADA 8.5).
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { ManifestMember } from '../../src/backups/backups.ts';
import { catalogues } from '../../src/messages/catalogue.ts';
import { day, hour } from '../../src/platform/clock.ts';
import { TierFault } from '../../src/platform/tier/faults.ts';
import { wordsIn } from '../../src/platform/web/words.ts';
import { mostErasuresADay, tierLines } from '../../src/tiers/tiers.ts';
import { aRun } from '../backups/house.ts';
import { openTierHouse, type TierHouse } from './house.ts';

const signal = new AbortController().signal;
let house: TierHouse;
afterEach(() => house.close());

const linesOf = async (site: Parameters<TierHouse['tiers']['of']>[0]) => {
  const words = wordsIn('ko', { catalogues, zone: 'Asia/Seoul', now: () => house.clock.now() });
  return tierLines({ words }, await house.tiers.of(site)).map((line) => line.text);
};

describe('backups go into tiers', () => {
  test('a month of nights leaves seven days in the short-term tier and five weeks in the long-term one', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    await house.put(site, { 'a.txt': 'a' });
    await house.night(40);
    const short = (await house.rows(site, 'short-term')).filter(({ state }) => state === 'kept');
    const long = (await house.rows(site, 'long-term')).filter(({ state }) => state === 'kept');
    expect(short.map(({ day: on }) => on)).toHaveLength(7);
    expect(short.map(({ day: on }) => on).at(-1)).toBe('2027-01-01');
    // The first good one of each week, on Mondays, and of the last five weeks.
    expect(long.map(({ day: on }) => on)).toEqual(['2026-11-30', '2026-12-07', '2026-12-14', '2026-12-21', '2026-12-28']);
    for (const [name, rows] of [
      ['short-term', short],
      ['long-term', long],
    ] as const) {
      const files = (await readdir(join(house.places[name], site.id))).filter((file) => file.endsWith('.zip'));
      expect(files.sort()).toEqual(rows.map((row) => `${row.backup_id}.zip`).sort());
    }
    expect(JSON.parse(short.at(-1)?.kept_because ?? '')).toContain('tiers.keptLastGood');
    expect(await house.audited('tiers.kept')).toHaveLength(46);
  });

  test('pages tell each tier with its own age and place, and honestly where there is none', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    expect(await linesOf(site)).toEqual([
      '단기 백업: 아직 없습니다. 다음 정상 백업부터 옮깁니다(가산 데이터센터).',
      '장기 백업: 아직 없습니다. 다음 정상 백업부터 옮깁니다(다른 서버).',
    ]);
    await house.night();
    house.clock.advance(3 * hour);
    const [short, long] = await linesOf(site);
    expect(short).toMatch(/^단기 백업: .*\(3시간 전, 가산 데이터센터\)$/);
    expect(long).toMatch(/^장기 백업: .*\(3시간 전, 다른 서버\)$/);
  });

  test('two folders of this machine are told as what they are', async () => {
    house = await openTierHouse({ isElsewhere: false });
    const { site } = await house.openSite();
    await house.night();
    const lines = await linesOf(site);
    expect(lines[0]).toContain('이 서버 안');
    expect(lines[2]).toContain('아직 두 번째 단계로 치지 않습니다');
    expect(house.tiers.areReady).toBe(false);
  });

  test('what a tier cannot take is said on the page, tried again, and told to the operator once a day', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    await house.night();
    house.failing.set('short-term', new TierFault('UNREACHABLE', 'connection refused'));
    house.clock.advance(day);
    await house.backups.nights.keep('2026-11-24', house.clock.now());
    await house.work();
    const waiting = (await house.rows(site, 'short-term')).find(({ state }) => state === 'waiting');
    expect((await linesOf(site))[0]).toContain('그 뒤의 백업은 아직 옮기지 못해 다시 시도하고 있습니다.');
    expect(await house.letters('tier-failed')).toHaveLength(0);
    for (let count = 0; count < 2; count += 1)
      await house.tiers.store(waiting?.id ?? '', aRun({ lastAttempt: true })).catch(() => {});
    expect((await house.rows(site, 'short-term')).at(-1)).toMatchObject({ state: 'failed', fault: 'UNREACHABLE' });
    expect(await house.letters('tier-failed')).toHaveLength(1);
    expect(await house.tiers.figures()).toEqual(
      expect.arrayContaining([expect.objectContaining({ tier: 'short-term', failing: 1 })]),
    );
    // The tier is back: the hourly look queues it again, and the page is well.
    house.failing.clear();
    house.clock.advance(2 * hour);
    await house.tiers.tidy();
    await house.work();
    expect((await house.rows(site, 'short-term')).at(-1)).toMatchObject({ state: 'kept', fault: null });
    expect((await linesOf(site))[0]).not.toContain('다시 시도');
  });

  test('a job that is run twice keeps once', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    await house.night();
    const [row] = await house.rows(site, 'short-term');
    await house.tiers.keep(row?.backup_id ?? '');
    await house.tiers.store(row?.id ?? '', aRun());
    expect(await house.rows(site, 'short-term')).toHaveLength(1);
    expect(await house.audited('tiers.kept')).toHaveLength(2);
  });

  test('rows that ask for too much remove nothing that is young, and never the newest', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    await house.night(4);
    const ids = (await house.rows(site, 'short-term')).map(({ backup_id }) => backup_id);
    // As a stolen database would have it: everything is very old.
    await house.connection.write((tx) => tx.updateTable('tier_snapshots').set({ data_at: 0, day: '2020-01-01' }).execute());
    await house.night();
    const there = (await readdir(join(house.places['short-term'], site.id))).filter((file) => file.endsWith('.zip'));
    expect(there).toContain(`${ids.at(-1)}.zip`);
    expect(there.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a tier that is not named any more', () => {
  test('what waits for it fails with that word, counts nowhere, opens nothing, and is tried again when it is named soon', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    await house.night();
    house.failing.set('long-term', new Error('away'));
    house.clock.advance(7 * day);
    await house.night();
    const [first, waiting] = await house.rows(site, 'long-term');
    await house.connection.write((tx) =>
      tx
        .updateTable('tier_snapshots')
        .set({ state: 'waiting', fault: null, failed_at: null })
        .where('id', '=', waiting?.id ?? '')
        .execute(),
    );
    house.failing.clear();
    const alone = house.newTiers(['short-term']);
    await alone.tidy();
    expect((await house.rows(site, 'long-term'))[1]?.state).toBe('waiting');
    house.clock.advance(2 * hour);
    await alone.tidy();
    expect((await house.rows(site, 'long-term'))[1]).toMatchObject({ state: 'failed', fault: 'NOT_NAMED' });
    expect((await alone.figures()).map(({ tier }) => tier)).toEqual(['short-term']);
    expect(await alone.holding(site, first?.backup_id ?? '')).not.toContain('long-term');
    const none = house.newTiers([]);
    await none.tidy();
    expect(await none.holding(site, first?.backup_id ?? '')).toEqual([]);
    await expect(none.open(site, first?.backup_id ?? '', signal)).rejects.toMatchObject({ status: 404 });
    house.clock.advance(2 * hour);
    await house.tiers.tidy();
    await house.work();
    expect((await house.rows(site, 'long-term')).map(({ state }) => state)).toEqual(['kept', 'kept']);
  });

  test('so does what waits for a host that pulled it', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    const pulling = house.newTiers(['short-term', 'long-term'], true);
    await house.night();
    const [row] = await house.rows(site, 'long-term');
    await house.connection.write((tx) =>
      tx.updateTable('tier_snapshots').set({ state: 'waiting' }).where('tier', '=', 'long-term').execute(),
    );
    house.clock.advance(2 * hour);
    await pulling.tidy();
    expect((await house.rows(site, 'long-term'))[0]).toMatchObject({ id: row?.id, state: 'waiting' });
    await house.newTiers(['short-term']).tidy();
    expect((await house.rows(site, 'long-term'))[0]).toMatchObject({ state: 'failed', fault: 'NOT_NAMED' });
    await pulling.tidy();
    expect((await house.rows(site, 'long-term'))[0]?.state).toBe('failed');
    house.clock.advance(2 * hour);
    await pulling.tidy();
    expect((await house.rows(site, 'long-term'))[0]?.state).toBe('waiting');
  });
});

describe('what lies in a tier', () => {
  test('a backup is opened there when the archive on this machine is gone', async () => {
    house = await openTierHouse({ longTerm: 'restic' });
    const { site } = await house.openSite();
    await house.put(site, { 'index.html': '<p>곳간</p>', '깊은/곳/a.txt': 'a' });
    await house.night();
    await rm(house.archivesFolder, { recursive: true });
    await rm(house.places['short-term'], { recursive: true });
    const [{ backup_id: id } = { backup_id: '' }] = await house.rows(site, 'long-term');
    expect(await house.tiers.holding(site, id)).toEqual(['short-term', 'long-term']);
    const opened = await house.tiers.open(site, id, signal);
    expect(opened.tier).toBe('long-term');
    const members: ManifestMember[] = [];
    for await (const member of (await opened.manifest()).members) members.push(member);
    const page = members.find(({ path }) => path === 'www/index.html');
    expect(page && (await text(await opened.open(page)))).toBe('<p>곳간</p>');
    const folder = members.find(({ kind }) => kind === 'folder');
    if (folder) await expect(opened.open(folder)).rejects.toMatchObject({ status: 404 });
    await opened.close();
    await expect(house.tiers.open(site, 'nothing', signal)).rejects.toMatchObject({ status: 404 });
  });

  test('destroying the key erases what a tier holds: afterwards nothing can be opened, and nothing is kept again', async () => {
    house = await openTierHouse({ longTerm: 'restic' });
    const { site } = await house.openSite();
    await house.night();
    const [row] = await house.rows(site, 'long-term');
    const { password_sealed: sealed } = await house.connection.db.selectFrom('tier_keys').selectAll().executeTakeFirstOrThrow();
    expect(sealed).toMatch(/^v1\./);
    await house.tiers.erase(site, { kind: 'system' });
    await house.tiers.erase(site, { kind: 'system' });
    const keys = await house.connection.db.selectFrom('tier_keys').selectAll().execute();
    expect(keys.map(({ password_sealed, destroyed_at }) => [password_sealed, destroyed_at])).toEqual([
      [null, house.clock.now()],
      [null, house.clock.now()],
    ]);
    expect(await readdir(house.places['long-term'])).toEqual([]);
    expect(await readdir(house.places['short-term'])).toEqual([]);
    await expect(house.tiers.open(site, row?.backup_id ?? '', signal)).rejects.toMatchObject({ status: 404 });
    expect(await house.audited('tiers.erased')).toHaveLength(2);
    await house.night();
    expect((await house.rows(site, 'long-term')).filter(({ state }) => state === 'kept')).toEqual([]);
  });

  test('no more than so many sites are erased within a day', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    const destroyed_at = house.clock.now();
    const rows = Array.from({ length: mostErasuresADay }, (_, at) => ({
      ...{ id: `key-${at}`, site_id: `site-${at}`, customer_id: 'c', tier: 'short-term' as const },
      ...{ password_sealed: null, made_at: 1, destroyed_at },
    }));
    await house.connection.write((tx) => tx.insertInto('tier_keys').values(rows).execute());
    await expect(house.tiers.erase(site, { kind: 'system' })).rejects.toMatchObject({ status: 429, key: 'tiers.erasuresADay' });
    house.clock.advance(25 * hour);
    await house.tiers.erase(site, { kind: 'system' });
  });

  test('a weekly look reads back what is held, and what is damaged is told and never counted', async () => {
    house = await openTierHouse();
    const { site } = await house.openSite();
    await house.night(2);
    await house.tiers.tidy();
    await house.work();
    expect((await house.tiers.of(site)).map(({ checkedAt }) => checkedAt)).toEqual([house.clock.now(), house.clock.now()]);
    const rows = await house.rows(site, 'short-term');
    await rm(join(house.places['short-term'], site.id, `${rows.at(-1)?.backup_id}.zip`));
    house.clock.advance(8 * day);
    await house.tiers.tidy();
    await house.work();
    expect((await house.rows(site, 'short-term')).at(-1)).toMatchObject({ state: 'damaged', fault: 'DAMAGED' });
    expect((await house.tiers.of(site))[0]?.dataAt).toBe(rows[0]?.data_at);
    expect(await house.letters('tier-failed')).toHaveLength(1);
    expect(await house.audited('tiers.damaged')).toHaveLength(1);
  });

  test.each(['folder', 'restic'] as const)(
    'what a tier (%s) has lost altogether is told as damaged, and what is brought anew heals',
    async (longTerm) => {
      house = await openTierHouse({ longTerm });
      const { site } = await house.openSite();
      await house.night();
      await house.tiers.tidy();
      await house.work();
      for (const place of Object.values(house.places)) await rm(join(place, site.id), { recursive: true });
      house.clock.advance(8 * day);
      await house.tiers.tidy();
      await house.work();
      for (const tier of ['short-term', 'long-term'] as const)
        expect([tier, (await house.rows(site, tier)).map(({ state, fault }) => [state, fault])]).toEqual([
          tier,
          [['damaged', 'DAMAGED']],
        ]);
      expect((await house.tiers.of(site)).map(({ dataAt }) => dataAt)).toEqual([undefined, undefined]);
      expect(await house.audited('tiers.damaged')).toHaveLength(2);
      await house.night();
      const now = await house.tiers.of(site);
      expect(now.map(({ dataAt }) => dataAt === undefined)).toEqual([false, false]);
    },
  );
});
