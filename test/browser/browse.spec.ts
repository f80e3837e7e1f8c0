// A backup on a telephone: looked into, one file on its other days, two texts beside each other, what changed, the file taken along, and brought back alone.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { day } from '../../src/platform/clock.ts';
import { type Language, wordsIn } from '../../src/platform/web/words.ts';
import { launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  panel = await startPanel({ limitsScale: 1000 });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

/** A site with two backups, a day apart: between them a page was edited, one came and one went. */
async function withTwoDays(language: Language): Promise<{ email: string; site: string }> {
  const email = `owner-${language}@example.com`;
  const owner = new Visitor(panel, language);
  const site = await owner.arrive(email, { plan: 'forest' });
  const www = (name: string) => join(panel.folder, 'sites', site, 'www', name);
  await owner.upload(site, [{ name: '소식/첫 글.txt', body: '첫 줄\n둘째 줄\n셋째 줄\n' }]);
  await writeFile(www('old.txt'), 'old');
  await owner.submit(`/sites/${site}/backups`, {});
  await panel.work();
  panel.clock.advance(day);
  await writeFile(www('소식/첫 글.txt'), '첫 줄\n고친 줄\n셋째 줄\n');
  await writeFile(www('new.txt'), 'new');
  await rm(www('old.txt'));
  await owner.logIn(email);
  await owner.submit(`/sites/${site}/backups`, {});
  await panel.work();
  await panel.work();
  return { email, site };
}

/** Nothing hangs over the edge of a small screen. */
const fits = async (page: Page) =>
  expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(true);

describe.each([
  ['ko', 360, false],
  ['en', 360, true],
] as const)('a backup (%s, %i px, JavaScript %s)', (language, width, javaScript) => {
  test('is looked into, and one file of the day before comes back alone', async () => {
    const { email, site } = await withTwoDays(language);
    const { t } = wordsIn(language, { catalogues, zone: 'Asia/Seoul', now: () => panel.clock.now() });
    const { context, page, complaints } = await newVisit(browser, { javaScript, locale: language, origin: panel.origin });
    await page.setViewportSize({ width, height: 800 });
    const at = (path: string) => `${panel.origin}${language === 'en' ? '/en' : ''}${path}`;
    await page.goto(at('/login'));
    await page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    await page.goto(at(`/sites/${site}/backups`));
    const summary = t('browse.changes.summary', { added: '1', changed: '1', removed: '1' });
    await page.getByText(summary).waitFor();
    await fits(page);

    await page.locator('main a[href$="/browse"]').first().click();
    await page.getByRole('link', { name: 'www', exact: true }).click();
    await page.getByRole('link', { name: '소식', exact: true }).click();
    await page.getByRole('link', { name: '첫 글.txt', exact: true }).click();
    await page.getByRole('heading', { name: t('browse.title', { name: '첫 글.txt' }), exact: true }).waitFor();
    expect(await page.locator('main').innerText()).toContain('SHA-256');
    await fits(page);

    const [arriving] = await Promise.all([page.waitForEvent('download'), page.locator('main a.button-primary').click()]);
    expect(arriving.suggestedFilename()).toBe('첫 글.txt');
    expect(await readFile(await arriving.path(), 'utf8')).toBe('첫 줄\n고친 줄\n셋째 줄\n');

    const rows = page.locator('section[aria-labelledby="versions"] tbody tr');
    expect(await rows.count()).toBe(2);
    await rows.nth(1).getByRole('link').last().click();
    await page.getByText(t('browse.diff.counts', { added: '1', removed: '1' })).waitFor();
    expect(await page.locator('.diff .is-removed').innerText()).toContain('둘째 줄');
    expect(await page.locator('.diff .is-added').innerText()).toContain('고친 줄');
    await fits(page);

    await page.goto(at(`/sites/${site}/backups`));
    await page.locator('main a[href$="/changes"]').first().click();
    for (const name of ['/www/new.txt', '/www/old.txt', '/www/소식/첫 글.txt'])
      await page.getByRole('link', { name, exact: true }).waitFor();
    await fits(page);
    await page.getByRole('link', { name: '/www/old.txt', exact: true }).click();
    await page.getByText(t('browse.version.none'), { exact: true }).waitFor();

    await page.goto(at(`/sites/${site}/backups`));
    await page.locator('main a[href$="/browse"]').first().click();
    await page.getByRole('link', { name: 'www', exact: true }).click();
    await page.getByRole('link', { name: '소식', exact: true }).click();
    await page.getByRole('link', { name: '첫 글.txt', exact: true }).click();
    await rows.nth(1).getByRole('link').first().click();
    await page.getByRole('link', { name: t('browse.file.restore'), exact: true }).click();
    await page.getByLabel(t('restores.choose.inPlace'), { exact: true }).check();
    await fits(page);
    await page.getByRole('button', { name: t('restores.choose.submit'), exact: true }).click();
    expect(await page.locator('main').innerText()).toContain('첫 글.txt');
    await fits(page);
    await page.getByRole('link', { name: t('restores.preview.next') }).click();
    await fits(page);
    await page.locator('main form button').click();
    await page.waitForURL(/\/restorations\/[0-9a-f-]{36}$/);
    await panel.work();
    await page.reload();
    await fits(page);
    const inWww = (name: string) => readFile(join(panel.folder, 'sites', site, 'www', name), 'utf8');
    expect(await inWww('소식/첫 글.txt')).toBe('첫 줄\n둘째 줄\n셋째 줄\n');
    expect(await inWww('new.txt')).toBe('new');

    await page.getByRole('button', { name: t('restores.undo.submit'), exact: true }).click();
    await page.waitForURL(/\/restorations\/[0-9a-f-]{36}$/);
    await panel.work();
    expect(await inWww('소식/첫 글.txt')).toBe('첫 줄\n고친 줄\n셋째 줄\n');

    expect(complaints).toEqual([]);
    await context.close();
  });
});
