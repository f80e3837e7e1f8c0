// A developer in a real browser: invited by the owner, comes in, works on files, and is out when the time is over. Without JavaScript too.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { hour, LocalTime } from '../../src/platform/clock.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  if (browserMissing) return;
  panel = await startPanel();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

describe.skipIf(browserMissing)("a developer's access", () => {
  test.each([
    ['ko', true],
    ['en', false],
  ] as const)('begins with an invitation and ends on its date (%s, JavaScript: %s)', async (language, javaScript) => {
    const t = (key: string) => String(catalogues[language][key]);
    const { origin, clock } = panel;
    const [owner, guest] = [`owner-${language}@example.com`, `developer-${language}@example.com`];
    const site = await new Visitor(panel, language).arrive(owner);
    const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
    const signIn = async (page: Page, email: string) => {
      await page.goto(at('/login'));
      await page.getByLabel(t('login.email'), { exact: true }).fill(email);
      await page.getByLabel(t('login.password'), { exact: true }).fill(password);
      await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    };

    const ours = await newVisit(browser, { javaScript, locale: language, origin });
    await signIn(ours.page, owner);
    await ours.page.goto(at('/account/people'));
    await ours.page.getByRole('link', { name: t('people.invite.action') }).click();
    await ours.page.getByLabel(t('people.invite.email')).fill(guest);
    await ours.page.getByLabel(t('people.role.developer'), { exact: true }).check();
    // Today: the place ends tonight.
    await ours.page.getByLabel(t('people.until.label')).fill(new LocalTime('Asia/Seoul').day(clock.now()));
    await ours.page.getByRole('button', { name: t('people.invite.submit') }).click();
    await ours.page.waitForURL(at('/account/people'));
    expect(await ours.page.getByRole('rowheader', { name: guest }).count()).toBe(1);

    const theirs = await newVisit(browser, { javaScript, locale: language, origin });
    const { page } = theirs;
    await page.goto(at(await new Visitor(panel).linkFor(guest, '/invitations/')));
    await page.getByLabel(t('signup.password.label'), { exact: true }).fill(password);
    for (const name of ['age_14', 'agree_terms']) await page.locator(`#${name}`).check();
    await page.getByRole('button', { name: t('people.accept.submit') }).click();
    await page.waitForURL(at('/dashboard'));

    await page.goto(at(`/sites/${site}/files/www`));
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([{ name: 'made.html', mimeType: 'text/html', buffer: Buffer.from('<p>made') }]);
    await page.locator('form[action$="/files/upload"] button').last().click();
    await page.waitForURL(/\/files\/results\//);
    expect(await readdir(join(panel.folder, 'sites', site, 'www'))).toContain('made.html');
    await page.goto(at('/account/people'));
    expect(await page.locator('main').innerText()).toContain(t('error.role'));

    await ours.page.goto(at('/account/history?kind=files'));
    expect(await ours.page.locator('tbody tr').filter({ hasText: guest }).count()).toBe(1);

    // A session from ten minutes before midnight, in use until then.
    const midnight = Date.parse(`${new LocalTime('Asia/Seoul').day(clock.now())}T15:00:00Z`);
    clock.advance(midnight - hour / 6 - clock.now());
    await signIn(page, guest);
    await page.waitForURL(at('/dashboard'));
    clock.advance(hour / 6);
    await page.goto(at(`/sites/${site}/files/www`));
    expect(new URL(page.url()).pathname).toBe(new URL(at('/login')).pathname);
    await signIn(page, guest);
    expect(await page.locator('main').innerText()).toContain(t('login.failed'));

    await signIn(ours.page, owner);
    await ours.page.goto(at('/account/people'));
    expect(await ours.page.getByRole('row').filter({ hasText: guest }).innerText()).toContain(t('people.expired'));
    // Chromium itself writes refusals on the console.
    const complaints = [...ours.complaints, ...theirs.complaints].filter((one) => !/status of (403|422)/.test(one));
    expect(complaints).toEqual([]);
    await ours.context.close();
    await theirs.context.close();
  });
});
