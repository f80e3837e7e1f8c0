// The moment that decides everything: a wiped WordPress on nginx, PHP-FPM and MariaDB, a telephone, and nothing but the panel's pages.
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { hour } from '../../src/platform/clock.ts';
import { make, usedAs } from '../databases/owners.ts';
import { launchBrowser, newVisit } from '../support/browser.ts';
import { ask } from '../support/database-client.ts';
import { administrator } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { picture, type WordPress, wordPress } from '../support/wordpress.ts';

/** Seconds of somebody who is worried and new here: to read a page, to find and tap one thing, to type a character on glass. */
const human = { page: 12, tap: 3, character: 0.5 };
/** The bound of the project for the human part, seconds. */
const most = 180;
const email = 'owner@example.com';
const t = (key: string) => String(catalogues.ko[key]);

let panel: TestPanel;
let browser: Browser;
let site: string;
let blog: WordPress | undefined;
let database: string;
const www = (...path: string[]) => join(panel.folder, 'sites', site, 'www', ...path);

beforeAll(async () => {
  panel = await startPanel({ limitsScale: 1000 });
  await hostDatabases(panel, ['mariadb']);
  const owner = new Visitor(panel);
  site = await owner.arrive(email, { plan: 'forest' });
  const made = await make(owner, site, { db_name: 'blog', engine: 'mariadb' });
  database = made.name;
  await rm(www(), { recursive: true });
  await mkdir(www(), { mode: 0o755 });
  for (const path of [panel.folder, dirname(dirname(www())), dirname(www())]) await chmod(path, 0o755);
  blog = await wordPress(www(), { ...usedAs.access('mariadb', made), database });
  await owner.submit(`/sites/${site}/backups`, {});
  await panel.work();
  panel.clock.advance(5 * hour);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await blog?.close();
  if (panel) await closeHosted(panel);
});

const tables = async () => (await ask(administrator('mariadb'), database, 'SHOW TABLES')).length;
const visited = async (path: string) => (await blog?.get(path)) ?? expect.fail('there is no WordPress');

/** Counts what a person does; what the machine does meanwhile is not theirs. */
class Owner {
  seconds = 0;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async type(label: string, text: string): Promise<void> {
    await this.#page.getByLabel(label, { exact: true }).fill(text);
    this.seconds += human.tap + human.character * text.length;
  }

  async choose(label: string): Promise<void> {
    await this.#page.getByLabel(label, { exact: true }).check();
    this.seconds += human.tap;
  }

  /** Reads the page, then taps what leads on. */
  async on(tap: Locator, arriving: RegExp): Promise<void> {
    this.seconds += human.page + human.tap;
    await tap.first().click();
    await this.#page.waitForURL(arriving);
    const [wide] = await this.#page.evaluate<number[]>('[document.documentElement.scrollWidth]');
    expect(wide).toBe(360);
  }
}

test('a wiped WordPress comes back byte for byte within three minutes of a person, and goes back again', async () => {
  const paths = ['/', '/?p=1', '/wp-content/uploads/2026/11/%EA%B3%B5%EB%B0%A9.jpg'];
  const before = await Promise.all(paths.map(visited));
  expect(before.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(before[0]?.body.toString()).toContain('공방 소식 5');
  expect(before[2]?.body).toEqual(picture);
  const [had, files] = [await tables(), (await readdir(www(), { recursive: true })).length];
  expect(had).toBeGreaterThanOrEqual(12);

  const names = await ask(administrator('mariadb'), database, 'SHOW TABLES');
  for (const row of names) await ask(administrator('mariadb'), database, `DROP TABLE \`${Object.values(row)[0]}\``);
  for (const name of await readdir(www())) await rm(www(name), { recursive: true });
  const wiped = await visited('/');
  expect(wiped.status).toBeGreaterThanOrEqual(403);

  const { page, complaints, context } = await newVisit(browser, { javaScript: true, locale: 'ko', origin: panel.origin });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${panel.origin}/login`);
  const owner = new Owner(page);
  const button = (key: string) => page.getByRole('button', { name: t(key), exact: true });
  await owner.type(t('login.email'), email);
  await owner.type(t('login.password'), password);
  await owner.on(button('login.submit'), /\/dashboard$/);
  await owner.on(page.locator(`main a[href$="/sites/${site}/backups"]:visible`), /\/backups$/);
  await owner.on(page.locator('main a[href$="/restoration"]'), /\/restoration$/);
  await owner.choose(t('restores.choose.inPlace'));
  await owner.on(button('restores.choose.submit'), /\/restoration\/preview/);
  await owner.on(page.locator('main a[href*="/restoration/confirmation"]'), /\/restoration\/confirmation/);
  await owner.on(page.locator('main form button'), /\/restorations\/[0-9a-f-]{36}$/);
  await panel.work();
  const done = t('restores.outcome.inPlace').split('{files}')[0] ?? '';
  await page.locator('[data-job-text]', { hasText: done }).waitFor();
  console.log(`the human part: ${Math.round(owner.seconds)} s of ${most} s`);
  expect(owner.seconds).toBeLessThanOrEqual(most);

  expect(await Promise.all(paths.map(visited))).toEqual(before);
  expect([await tables(), (await readdir(www(), { recursive: true })).length]).toEqual([had, files]);

  await page.reload();
  await button('restores.undo.submit').click();
  await page.waitForURL(/\/restorations\/[0-9a-f-]{36}$/);
  await panel.work();
  expect(await visited('/')).toEqual(wiped);
  expect([await tables(), await readdir(www())]).toEqual([0, []]);
  expect(complaints).toEqual([]);
  await context.close();
});
