// Folder protection in a real browser: the folder of a board is proposed and accepted, a script turns up in it, and the customer looks at it and holds it. Without JavaScript too.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { StoppedClock } from '../../src/platform/clock.ts';
import { chopper, IncomingHouse, pixel } from '../incoming/incoming-house.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password } from '../support/panel.ts';

let browser: Browser;
beforeAll(async () => {
  if (!browserMissing) browser = await launchBrowser();
});
afterAll(() => browser?.close());

const script = 'www/data/file/free/2023_thumb.php';

describe.skipIf(browserMissing)('the folder of a board', () => {
  test.each([
    ['ko', true, 360],
    ['en', false, 1280],
  ] as const)(
    'is protected, and what is planted in it is held (%s, JavaScript: %s, %i px)',
    async (language, javaScript, width) => {
      const house = await IncomingHouse.open({ clock: new StoppedClock(Date.now()), limitsScale: 1000 });
      const { context, page, complaints } = await newVisit(browser, { javaScript, locale: language, origin: house.test.origin });
      try {
        for (const name of ['common.php', 'bbs/board.php', 'data/dbconfig.php']) await house.lay(`www/${name}`, '<?php\n');
        await house.lay('www/data/file/free/photo.png', pixel);
        await page.setViewportSize({ width, height: 800 });
        const t = (key: string) => String(catalogues[language][key]);
        const main = () => page.locator('main').innerText();
        const at = (path: string) => `${house.test.origin}${language === 'en' ? '/en' : ''}${path}`;
        await page.goto(at('/login'));
        await page.getByLabel(t('login.email'), { exact: true }).fill(house.email);
        await page.getByLabel(t('login.password'), { exact: true }).fill(password);
        await page.getByRole('button', { name: t('login.submit'), exact: true }).click();

        await page.goto(at(`/sites/${house.site.name}/folders`));
        expect(await main()).toContain(t('protection.program.gnuboard'));
        await page
          .locator('form[action$="/folders/accept"]')
          .getByRole('button', { name: t('protection.accept') })
          .click();
        await page.getByText(t('protection.turnedOn')).waitFor();
        expect(await page.locator('#folders ~ .table-room tbody th').allInnerTexts()).toEqual(['/www/data']);
        await house.test.work();

        await house.watch();
        await house.lay(script, chopper());
        await house.watch();
        await page.reload();
        await page.getByRole('link', { name: t('protection.toFound') }).click();
        await page.waitForURL(at(`/sites/${house.site.name}/suspicious`));
        const row = page.getByRole('row').filter({ hasText: '2023_thumb.php' });
        expect(await row.innerText()).toContain(t('incoming.state.found'));
        // What the program keeps there for itself is none.
        expect(await main()).not.toContain('dbconfig.php');
        await row.getByRole('button', { name: t('incoming.hold') }).click();
        await row.getByText(t('incoming.state.refused'), { exact: true }).waitFor();
        expect([await house.isThere(script), await house.heldFiles()]).toEqual([false, 1]);
        expect(await house.isThere('www/data/file/free/photo.png')).toBe(true);
        expect(complaints).toEqual([]);
      } finally {
        await context.close();
        await house.close();
      }
    },
  );
});
