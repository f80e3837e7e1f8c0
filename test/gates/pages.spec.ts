// Every page of the list in a real browser: accessible, within its window, by keyboard, within its budget, without a complaint.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing } from '../support/browser.ts';
import { faultsOf } from './checks.ts';
import { looksOf, wordsOf } from './looks.ts';
import { pages } from './pages.ts';
import { launchForPages, newSeat, Seats } from './seats.ts';
import { open } from './visit.ts';
import { openWorlds, type Worlds } from './worlds.ts';

let worlds: Worlds;
let browser: Browser;
const seats = new Seats(2, () => newSeat(browser, worlds));

beforeAll(async () => {
  if (browserMissing) return;
  worlds = await openWorlds();
  browser = await launchForPages();
});
afterAll(async () => {
  await browser?.close();
  await worlds?.close();
});

const visits = pages.flatMap((page, at) =>
  looksOf(at, page.sent !== undefined).map((look) => ({ page, look, name: page.name, as: wordsOf(look) })),
);

describe.skipIf(browserMissing).concurrent('without a fault', () => {
  test.each(visits)('$name, $as', async ({ page, look }) => {
    const faults = await seats.use(async (seat) => faultsOf(await open(page, look, seat)));
    expect(faults, faults.join('\n')).toEqual([]);
  });
});
