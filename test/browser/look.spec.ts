// What must be seen without scrolling: the notice about backups on the front page (KHADA 8.1; ux.md 2.1), below a header that stays low.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { startPanel, type TestPanel } from '../support/panel.ts';

let house: TestPanel;
let browser: Browser;

/** Where things end on the first screen, in CSS pixels. */
const measure = `(() => {
  const notice = document.querySelector('.notice');
  const bottom = (node) => node.getBoundingClientRect().bottom;
  return {
    header: document.querySelector('.header').getBoundingClientRect().height,
    heading: bottom(notice.querySelector('h2')),
    sentences: [...notice.querySelectorAll('p:not(.links)')].map(bottom),
    size: parseFloat(getComputedStyle(notice.querySelector('p')).fontSize),
    height: notice.getBoundingClientRect().height,
    sideways: document.documentElement.scrollWidth - innerWidth,
  };
})()`;
type Measured = { header: number; heading: number; sentences: number[]; size: number; height: number; sideways: number };

describe.skipIf(browserMissing !== undefined)('the first screen of the front page', () => {
  beforeAll(async () => {
    house = await startPanel();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await house?.close();
  });

  const sizes = [
    ['ko', 360, 640, 0.6],
    ['en', 360, 640, 0.6],
    ['ko', 1280, 720, 0.5],
    ['en', 1280, 720, 0.5],
  ] as const;
  test.each(sizes)('in %s at %i × %i holds the notice about backups, whole', async (language, width, height, share) => {
    const page = await browser.newPage({ viewport: { width, height }, javaScriptEnabled: false });
    await page.goto(`${house.origin}${language === 'en' ? '/en' : '/'}`);
    const seen = (await page.evaluate(measure)) as Measured;
    await page.close();
    expect(seen.header).toBeLessThanOrEqual(56);
    expect(Math.max(seen.heading, ...seen.sentences)).toBeLessThanOrEqual(height);
    expect(seen.size).toBeGreaterThanOrEqual(17);
    expect(seen.height / height).toBeLessThanOrEqual(share);
    expect(seen.sideways).toBe(0);
  });

  test.each(['ko', 'en'] as const)('in %s with letters of twice the size still holds its heading', async (language) => {
    const page = await browser.newPage({ viewport: { width: 360, height: 640 } });
    await page.goto(`${house.origin}${language === 'en' ? '/en' : '/'}`);
    await page.evaluate('document.documentElement.style.fontSize = "200%"');
    const seen = (await page.evaluate(measure)) as Measured;
    await page.close();
    expect(seen.heading).toBeLessThanOrEqual(640);
    expect(seen.sideways).toBe(0);
  });
});
