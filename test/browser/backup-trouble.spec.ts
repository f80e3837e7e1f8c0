// Backups that go wrong, as their owner sees it on a telephone at night: what is wrong, what stays good, what to do; the letter about it; and how it ends.
import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, hour, localDay, minute } from '../../src/platform/clock.ts';
import type { Language } from '../../src/platform/web/words.ts';
import { watchOnce } from '../../src/watch.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { Phone } from './phone.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  if (browserMissing) return;
  panel = await startPanel({ limitsScale: 1000 });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

type Given = { readonly email: string; readonly site: string; readonly visitor: Visitor };

/** A site with a page and one good backup of it, of noon: no night begins within the hours of a journey. */
async function owner(name: string, language: Language): Promise<Given> {
  panel.clock.advance(day - ((panel.clock.now() - 3 * hour) % day));
  const email = `${name}-${language}@example.com`;
  const visitor = new Visitor(panel, language);
  const site = await visitor.arrive(email, { plan: 'forest' });
  await visitor.upload(site, [{ name: 'index.html', body: '<!doctype html><title>햇살 공방</title>' }]);
  await visitor.submit(`/sites/${site}/backups`, {});
  await panel.work();
  return { email, site, visitor };
}

const good = async ({ site }: Given) => {
  const { backups, sites } = panel.panel.doors;
  return (await backups.latestGood(await sites.byName(site))) ?? expect.fail('there is no good backup');
};

/** Follows the link of the newest letter about backups, as they would on the telephone. */
async function openLetter(phone: Phone, { visitor, email, site }: Given): Promise<void> {
  const path = await visitor.linkFor(email, `/sites/${site}/backups`);
  await phone.open(path);
}

const sum = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** Hours go by, and whoever works tries again whenever it is time. */
async function hoursGoBy(hours: number): Promise<void> {
  for (let at = 0; at < hours * 2; at += 1) {
    panel.clock.advance(30 * minute);
    await panel.work();
  }
}

describe.skipIf(browserMissing).each(['ko', 'en'] as const)('on a telephone, without JavaScript (%s)', (language) => {
  test('storage that refuses: the letter, the sentence, the good one of before to take; and the next one heals', async () => {
    const given = await owner('refused', language);
    const { site, email } = given;
    const before = await good(given);
    const archives = join(panel.folder, 'archives', site);
    await rename(archives, `${archives}-away`);
    await writeFile(archives, 'a file where a folder should be');
    panel.clock.advance(minute);
    await given.visitor.submit(`/sites/${site}/backups`, {});
    await hoursGoBy(8);
    const phone = await Phone.of(browser, panel, language);
    const { t, time, ago } = phone.words;
    await phone.logIn(email);
    expect(await phone.says()).toContain(t('backups.reason.storage'));

    await openLetter(phone, given);
    const at = before.dataAt ?? 0;
    const worried = await phone.says('main .message');
    for (const said of [
      t('backups.bad.reason', { reason: t('backups.reason.storage') }),
      t('backups.bad.ours'),
      t('backups.bad.latest', { time: time(at), ago: ago(at) }),
    ])
      expect(worried).toContain(said);
    const rows = phone.page.locator('main .table-stated tbody tr');
    await phone.follow(rows.filter({ hasText: t('backups.state.failed') }).locator('a'));
    expect(await phone.says('main .panel')).toContain(t('backups.state.failed'));
    expect(await phone.says('main .panel')).toContain(t('backups.bad.ours'));
    await phone.follow(phone.link(t('backups.advice.see', { time: time(at) })));
    expect(phone.page.url()).toMatch(new RegExp(`/backups/${before.id}$`));

    await rm(archives);
    await rename(`${archives}-away`, archives);
    const shown = /\b[0-9a-f]{64}\b/.exec(await phone.says())?.[0];
    await phone.open(`/sites/${site}/backups`);
    expect(await sum(await phone.download(phone.page.locator('main .message a[href$="/download"]')))).toBe(shown);

    await phone.open(`/sites/${site}/backups`);
    await phone.follow(phone.page.locator('main .message a[href="#make"]'));
    await phone.press(t('backups.make.submit'));
    await panel.work();
    await phone.follow(phone.link(t('backups.refresh')));
    expect(await phone.says('main .panel')).toContain(t('backups.state.verified'));
    await phone.follow(phone.page.locator('main form[action$="/verification"] button'));
    await panel.work();
    await phone.open(`/sites/${site}/backups`);
    expect(await phone.page.locator('main .message').count()).toBe(0);
    expect(await phone.says('main .big')).toContain(t('backups.state.verified'));
    await phone.close();
  });

  test('nobody works: amber after 26 hours with a letter, red after 50 with whom to ask, and both days stay in the calendar', async () => {
    const given = await owner('missing', language);
    const { site, email } = given;
    const before = await good(given);
    await panel.panel.doors.alerts.keep();
    const phone = await Phone.of(browser, panel, language);
    const { t, time, shortDateOf } = phone.words;

    panel.clock.advance(27 * hour);
    await watchOnce(panel.panel.doors);
    await phone.logIn(email);
    await openLetter(phone, given);
    const message = phone.page.locator('main .message');
    expect(await message.getAttribute('class')).toContain('is-warn');
    for (const said of [
      t('backups.stale.heading', { hours: '27' }),
      t('backups.stale.since', { time: time(before.dataAt ?? 0) }),
    ])
      expect(await phone.says('main .message')).toContain(said);
    const link = phone.link(t('backups.downloadOf', { time: time(before.dataAt ?? 0) }));
    expect(await sum(await phone.download(link))).toBe(before.sha256);

    panel.clock.advance(day);
    await watchOnce(panel.panel.doors);
    await phone.logIn(email);
    await phone.open(`/sites/${site}/backups`);
    expect(await message.getAttribute('class')).toContain('is-bad');
    expect(await phone.says('main .message')).toContain(t('backups.stale.heading', { hours: '51' }));
    expect(await phone.says('main .message')).toMatch(/\d{2,3}-\d{3,4}-\d{4}/);

    await panel.work();
    await phone.page.reload();
    expect(await message.count()).toBe(0);
    expect(await phone.says('main .big')).toContain(t('backups.state.verified'));
    const missed = `${shortDateOf(localDay((before.dataAt ?? 0) + day, 'Asia/Seoul'))}, ${t('backups.state.missing')}`;
    expect(await phone.page.locator('main').innerHTML()).toContain(missed);
    await phone.close();
  });
});
