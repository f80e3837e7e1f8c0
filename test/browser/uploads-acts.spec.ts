// What can be done at once with a file that was not uploaded, and with one of many that are on their way: each act once, in a real browser.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axe } from '../gates/axe.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { password, startPanel, type TestPanel } from '../support/panel.ts';
import { type AtUploads, atUploads } from './uploads-visit.ts';

let panel: TestPanel;
let browser: Browser;
/** while it is set, nothing is judged */
let scanning: Promise<void> | undefined;

beforeAll(async () => {
  if (browserMissing) return;
  const scan = async () => {
    await scanning;
    return { clean: true } as const;
  };
  panel = await startPanel({
    limitsScale: 1000,
    limits: { diskReserveBytes: 1 },
    scanner: { present: true, scan, check: async () => {} },
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

const fileOf = (name: string, text: string | Buffer = 'mine') => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
const www = (site: string, name = '') => join(panel.folder, 'sites', site, 'www', name);
const held = (site: string, name: string) => readFile(www(site, name), 'utf8').catch(() => undefined);
const row = (page: Page, name: string) => page.locator('.uploads > li').filter({ has: page.getByText(name, { exact: true }) });
const stateOf = (page: Page, name: string) => row(page, name).getAttribute('data-state');
const becomes = (page: Page, name: string, state: string) =>
  expect.poll(() => stateOf(page, name), { timeout: 60_000 }).toBe(state);

async function upload({ page, t }: AtUploads, files: readonly ReturnType<typeof fileOf>[]): Promise<void> {
  await page.setInputFiles('#files', [...files]);
  await page.getByRole('button', { name: t('files.upload'), exact: true }).click();
}

/** What is heard of a button: what it does, and which file it is about. */
const heard = (text: string, file: string) =>
  new RegExp(`^${`${text}, ${file}`.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(', ', ' ?, ')}$`);

/** By the keyboard. */
async function press({ page }: AtUploads, text: string, file: string): Promise<void> {
  const one = page.getByRole('button', { name: heard(text, file) });
  await one.focus();
  await page.keyboard.press('Enter');
}

async function putOn(site: string, server: string): Promise<void> {
  await panel.panel.doors.connection.write((tx) =>
    tx.updateTable('sites').set({ server_id: server }).where('name', '=', site).execute(),
  );
}

describe.skipIf(browserMissing)('what was not uploaded is sent again without being chosen again', () => {
  test.each([
    ['ko', 1280],
    ['en', 360],
  ] as const)(
    'under a safe name, beside another case, in the place of the other or beside it (%s, %i px)',
    async (language, width) => {
      const visit = await atUploads({ panel, browser }, language, 'acts');
      const { page, complaints, context, site, t } = visit;
      await page.setViewportSize({ width, height: 800 });
      for (const name of ['Index.html', 'news.txt', 'plan.txt', 'old.txt']) await writeFile(www(site, name), 'theirs');
      await upload(
        visit,
        ['왜*.txt', 'index.html', 'news.txt', 'plan.txt', 'old.txt'].map((name) => fileOf(name)),
      );
      await page.getByRole('button', { name: t('files.conflict.skip'), exact: true }).click();
      for (const name of ['왜*.txt', 'index.html']) await becomes(page, name, 'refused');
      for (const name of ['news.txt', 'plan.txt', 'old.txt']) await becomes(page, name, 'skipped');
      // Both sides are told, with size and time.
      const [before = ''] = t('files.skippedExisting').split('{');
      const why = await row(page, 'news.txt').locator('.upload-why').innerText();
      expect(why.startsWith(before.trim())).toBe(true);
      expect(why.match(/\d\sB, .*?\d\d:\d\d/gu)).toHaveLength(2);
      expect(await axe(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

      await press(visit, t('files.act.safe', { name: '왜_.txt' }), '왜*.txt');
      await becomes(page, '왜_.txt', 'stored');
      // Who pressed a button that is gone is not thrown out of the list.
      expect(await page.evaluate('document.activeElement !== document.body')).toBe(true);
      await press(visit, t('files.act.beside'), 'index.html');
      await becomes(page, 'index.html', 'stored');
      await press(visit, t('files.act.replace'), 'news.txt');
      await becomes(page, 'news.txt', 'replaced');
      await press(visit, t('files.act.rename'), 'plan.txt');
      await becomes(page, 'plan.txt', 'renamed');
      expect(await stateOf(page, 'old.txt')).toBe('skipped');
      expect((await readdir(www(site))).sort()).toEqual(
        ['Index.html', 'index.html', 'news.txt', 'old.txt', 'plan (2).txt', 'plan.txt', '왜_.txt'].sort(),
      );
      expect([await held(site, 'Index.html'), await held(site, 'index.html')]).toEqual(['theirs', 'mine']);
      expect([await held(site, 'news.txt'), await held(site, 'plan.txt'), await held(site, 'old.txt')]).toEqual([
        'mine',
        'theirs',
        'theirs',
      ]);
      expect(await axe(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );

  test('after the connection was lost: at once, by a button of the file', async () => {
    const visit = await atUploads({ panel, browser }, 'ko', 'network');
    const { page, context, site, t } = visit;
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.route(/\/files\/upload$/, (route) => route.abort('connectionreset'));
    await upload(visit, [fileOf('note.txt')]);
    const now = row(page, 'note.txt').getByRole('button', { name: heard(t('files.script.resumeNow'), 'note.txt') });
    const isBroken = async () => {
      await page.clock.runFor(5000);
      return now.count();
    };
    await expect.poll(isBroken, { timeout: 60_000 }).toBe(1);
    expect(await row(page, 'note.txt').locator('.upload-why').innerText()).toBe(t('files.script.network', { percent: '0' }));
    await page.unroute(/\/files\/upload$/);
    await now.click();
    const isStored = async () => {
      await page.clock.runFor(200);
      return stateOf(page, 'note.txt');
    };
    await expect.poll(isStored, { timeout: 60_000 }).toBe('stored');
    expect(await held(site, 'note.txt')).toBe('mine');
    await context.close();
  });

  test('after the session ended: signing in in another window is enough', async () => {
    const visit = await atUploads({ panel, browser }, 'ko', 'session');
    const { page, context, site, email, t } = visit;
    await context.clearCookies();
    await upload(visit, [fileOf('small.txt'), fileOf('large.txt', Buffer.alloc(1_200_000, 'a'))]);
    const link = page.getByRole('link', { name: t('files.script.signIn') });
    await link.waitFor();
    expect(await page.locator('main').innerText()).toContain(t('files.script.session'));
    expect(await axe(page)).toEqual([]);
    const [other] = await Promise.all([context.waitForEvent('page'), link.click()]);
    await other.getByLabel(t('login.email'), { exact: true }).fill(email);
    await other.getByLabel(t('login.password'), { exact: true }).fill(password);
    await other.getByRole('button', { name: t('login.submit'), exact: true }).click();
    await other.waitForURL(/files\/upload\?to=www$/);
    await other.close();
    await page.evaluate("dispatchEvent(new Event('focus'))");
    for (const name of ['small.txt', 'large.txt']) await becomes(page, name, 'stored');
    expect(await link.isHidden()).toBe(true);
    expect(await held(site, 'small.txt')).toBe('mine');
    await context.close();
  });

  test('after our storage failed: later, with a number for whoever asks', async () => {
    const visit = await atUploads({ panel, browser }, 'en', 'disk');
    const { page, context, site, t } = visit;
    const { serverId } = await panel.panel.doors.sites.byName(site);
    // The first form and the first piece meet a server that is not there.
    const failed = new Set<string>();
    await page.route(/\/files\/upload(?:$|s\/)/, async (route) => {
      const way = route.request().method();
      if (failed.has(way) || way === 'GET' || way === 'HEAD') return route.continue();
      failed.add(way);
      await putOn(site, 'no server has this id');
      const response = await route.fetch();
      await putOn(site, serverId);
      await route.fulfill({ response });
    });
    await upload(visit, [fileOf('small.txt')]);
    await becomes(page, 'small.txt', 'refused');
    await upload(visit, [fileOf('large.txt', Buffer.alloc(1_200_000, 'a'))]);
    await becomes(page, 'large.txt', 'broken');
    for (const name of ['small.txt', 'large.txt'])
      expect(await row(page, name).locator('.upload-why').innerText()).toMatch(/10 minutes.* Reference [0-9a-f]{8}$/);
    await press(visit, t('files.act.again'), 'small.txt');
    await press(visit, t('files.script.resume'), 'large.txt');
    for (const name of ['small.txt', 'large.txt']) await becomes(page, name, 'stored');
    await context.close();
  });
});

describe.skipIf(browserMissing)('one small file of many', () => {
  test('is paused and left out while it waits, and while it is being sent, and the others go on', async () => {
    const visit = await atUploads({ panel, browser }, 'ko', 'single');
    const { page, context, site, t } = visit;
    // Three large ones take every place; the first form is held as well.
    let isHeld = true;
    const waiting: (() => void)[] = [];
    await page.route(/\/files\/uploads?$/, async (route) => {
      if (isHeld && route.request().method() === 'POST') await new Promise<void>((resolve) => waiting.push(resolve));
      await route.continue().catch(() => {});
    });
    const all = (act: string) => page.getByRole('button', { name: t(`files.script.${act}`), exact: true }).click();
    const large = ['1', '2', '3'].map((name) => fileOf(`large-${name}.txt`, Buffer.alloc(1_200_000, name)));
    await upload(visit, [...large, ...['a', 'b', 'c', 'd'].map((name) => fileOf(`${name}.txt`))]);
    await becomes(page, 'a.txt', 'waiting');
    await press(visit, t('files.script.pause'), 'a.txt');
    await press(visit, t('files.script.remove'), 'b.txt');
    await becomes(page, 'a.txt', 'paused');
    await becomes(page, 'b.txt', 'cancelled');
    for (const { name } of large) await press(visit, t('files.script.remove'), name);
    // Now c and d are on their way in one form that does not arrive.
    await becomes(page, 'd.txt', 'sending');
    await expect.poll(() => waiting.length, { timeout: 60_000 }).toBe(4);
    await press(visit, t('files.script.pause'), 'c.txt');
    isHeld = false;
    for (const letGo of waiting.splice(0)) letGo();
    await becomes(page, 'd.txt', 'stored');
    expect([await stateOf(page, 'a.txt'), await stateOf(page, 'c.txt')]).toEqual(['paused', 'paused']);
    expect(await readdir(www(site))).toEqual(['d.txt']);
    await press(visit, t('files.script.resume'), 'a.txt');
    await becomes(page, 'a.txt', 'stored');
    expect(await stateOf(page, 'c.txt')).toBe('paused');
    await press(visit, t('files.script.remove'), 'c.txt');
    await becomes(page, 'c.txt', 'cancelled');
    expect((await readdir(www(site))).sort()).toEqual(['a.txt', 'd.txt']);
    // And all of them: those of one form that is cut go on in another, and nothing that was called off arrives.
    isHeld = true;
    await upload(
      visit,
      ['e', 'f', 'g'].map((name) => fileOf(`${name}.txt`)),
    );
    await becomes(page, 'g.txt', 'sending');
    await all('pauseAll');
    for (const name of ['e.txt', 'f.txt', 'g.txt']) await becomes(page, name, 'paused');
    await press(visit, t('files.script.remove'), 'f.txt');
    isHeld = false;
    for (const letGo of waiting.splice(0)) letGo();
    await all('resumeAll');
    for (const name of ['e.txt', 'g.txt']) await becomes(page, name, 'stored');
    isHeld = true;
    await upload(visit, [fileOf('h.txt'), fileOf('i.txt')]);
    await becomes(page, 'i.txt', 'sending');
    await all('cancelAll');
    for (const name of ['h.txt', 'i.txt']) await becomes(page, name, 'cancelled');
    isHeld = false;
    for (const letGo of waiting.splice(0)) letGo();
    await page.evaluate('fetch(location.href).then((answer) => answer.text())');
    expect((await readdir(www(site))).sort()).toEqual(['a.txt', 'd.txt', 'e.txt', 'g.txt']);
    await context.close();
  });

  test('that was sent as a whole with others is judged, and says so instead of being stopped', async () => {
    const visit = await atUploads({ panel, browser }, 'ko', 'sent');
    const { page, context, site, t } = visit;
    const { promise, resolve } = Promise.withResolvers<void>();
    scanning = promise;
    await upload(visit, [fileOf('a.txt'), fileOf('b.txt')]);
    await becomes(page, 'a.txt', 'judging');
    expect(await row(page, 'a.txt').getByRole('button').count()).toBe(0);
    await page.getByRole('button', { name: t('files.script.pauseAll'), exact: true }).click();
    scanning = undefined;
    resolve();
    for (const name of ['a.txt', 'b.txt']) await becomes(page, name, 'stored');
    expect((await readdir(www(site))).sort()).toEqual(['a.txt', 'b.txt']);
    await context.close();
  });
});

test.skipIf(browserMissing)('the form for one file that is chosen again goes on by the script too', async () => {
  const visit = await atUploads({ panel, browser }, 'en', 'again');
  const { page, context, site, t, at, complaints } = visit;
  await writeFile(www(site, 'news.txt'), 'theirs');
  await page.goto(at(`/sites/${site}/files/upload?to=www&name=news.txt&conflict=replace`));
  expect(await page.locator('main').innerText()).toContain(t('files.again.replace'));
  expect(await axe(page)).toEqual([]);
  await upload(visit, [fileOf('another-name.txt')]);
  await becomes(page, 'news.txt', 'replaced');
  expect([await readdir(www(site)), await held(site, 'news.txt')]).toEqual([['news.txt'], 'mine']);
  expect(complaints).toEqual([]);
  await context.close();
});
