// The whole way of a customer in a real browser: sign-up, another order, a changed contract, an optional consent, closing, undoing, erasure, and back again.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day } from '../../src/platform/clock.ts';
import { publishNext } from '../consent/publish.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { startPanel, type TestPanel } from '../support/panel.ts';
import { ContractVisit } from './contract-visit.ts';

let house: TestPanel;
let browser: Browser;
beforeAll(async () => {
  if (browserMissing) return;
  house = await startPanel({ limitsScale: 100, eraseAfterDays: 14 });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

/** The newest backup of each site, as a night makes it. */
async function backUp(): Promise<void> {
  const { sites, backups, connection } = house.panel.doors;
  const names = await connection.db.selectFrom('sites').select('name').execute();
  for (const { name } of names) await backups.runNow(await sites.byName(name));
}

describe.skipIf(browserMissing)('from signing up to coming back', () => {
  test.each([
    ['ko', true, 1280],
    ['ko', false, 360],
    ['en', true, 360],
    ['en', false, 1280],
  ] as const)('in %s, JavaScript: %s, %i px wide', async (locale, javaScript, width) => {
    // One version of a document a day: a journey that ended early must not take the next one with it.
    house.clock.advance(day);
    const { context, page, complaints } = await newVisit(browser, { javaScript, locale, origin: house.origin });
    await page.setViewportSize({ width, height: 720 });
    const line = `${locale}-${width}`;
    const visit = new ContractVisit(house, page, { language: locale, email: `${line}@example.com` });
    await visit.signUp();
    await visit.orderAnother();
    await publishNext(house.panel.doors, 'terms', { more: line });
    await visit.agreeAgain(line);
    await visit.giveAndWithdraw('ads_email');
    const [last, given, again] = await visit.consents();
    const [ads, terms] = ['ads_email', 'agree_terms'].map((item) => visit.t(`receipts.item.${item}`));
    for (const [row, item, state] of [
      [last, ads, 'withdrawal'],
      [given, ads, 'withdrawn'],
      [again, terms, 'agreed'],
    ]) {
      expect(row).toContain(item);
      expect(row).toContain(visit.t(`receipts.state.${state}`));
    }
    await backUp();
    await visit.closeLaterAndStay();
    await visit.close();
    await visit.undo();
    await visit.isErased(await visit.close());
    await visit.signUp();
    // Chromium itself writes refused forms on the console.
    expect(complaints.filter((one) => !/status of 422/.test(one))).toEqual([]);
    await context.close();
  });
});
