// An archive that its owner kept, in a real browser: the connection breaks, the page is left, and the same file goes on where it was.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { openWorld, owner, type World } from '../restores/world.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password } from '../support/panel.ts';

let world: World;
let browser: Browser;
let kept: string;
const t = (key: string) => String(catalogues.ko[key]);
const pieceBytes = 8 * 1024 * 1024;

beforeAll(async () => {
  if (browserMissing) return;
  world = await openWorld();
  // Three pieces.
  await world.put({ 'index.html': '<h1>처음</h1>', 'film.bin': randomBytes(20_000_000) });
  const { fileName } = await world.backup();
  kept = join(world.house.folder, 'archives', world.name, fileName ?? '');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await world?.house.close();
});

describe.skipIf(browserMissing)('a kept archive', () => {
  test('is sent in pieces, lost with its page, goes on with the same file and ends at its backup', async () => {
    const { origin } = world.house;
    const { page, context } = await newVisit(browser, { javaScript: true, locale: 'ko', origin });
    page.on('dialog', (dialog) => void dialog.accept());
    await page.goto(`${origin}/login`);
    await page.getByLabel(t('login.email'), { exact: true }).fill(owner);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    await page.waitForURL(`${origin}/dashboard`);
    const offsets: number[] = [];
    let isBroken = true;
    await page.route(/\/archives\/pieces\/[^/]+$/, async (route) => {
      const request = route.request();
      if (request.method() !== 'PATCH') return route.continue();
      const offset = Number(request.headers()['upload-offset']);
      if (isBroken && offset > 0) return route.abort('connectionreset');
      offsets.push(offset);
      return route.continue();
    });
    const address = `${origin}/sites/${world.name}/backups/archives`;
    await page.goto(address);
    const send = page.getByRole('button', { name: t('backups.bring.submit'), exact: true });
    await send.click();
    await page.getByText(t('backups.bring.missing')).waitFor();
    await page.getByLabel(t('backups.bring.file')).setInputFiles(kept);
    await send.click();
    await page.getByText(t('backups.bring.script.retry')).waitFor();
    expect(await page.locator('progress').getAttribute('value')).toBe(String(pieceBytes));
    await page.goto(address);
    await page.getByText(/가운데 .*까지 받았습니다/).waitFor();
    expect(offsets).toEqual([0]);
    isBroken = false;
    await page.getByLabel(t('backups.bring.file')).setInputFiles(kept);
    await send.click();
    await page.waitForURL(/\/backups\/[0-9a-f-]{36}$/);
    expect(await page.textContent('main')).toContain('서명이 맞으며');
    expect(offsets).toEqual([0, pieceBytes, 2 * pieceBytes]);
    await world.house.work();
    const brought = await world.doors.connection.db.selectFrom('backups').selectAll().where('kind', '=', 'brought').execute();
    expect(brought.map(({ state }) => state)).toEqual(['verified']);
    await context.close();
  }, 60_000);
});
