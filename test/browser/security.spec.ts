// One's own way in, in a real browser: sessions ended from elsewhere, letters that undo, a new password, and a session that is about to end.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { minute } from '../../src/platform/clock.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

type Language = 'ko' | 'en';
const newPassword = 'quiet-Harbor-52-lantern';
const both = [
  ['ko', false],
  ['en', true],
] as const;

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

const t = (language: Language, key: string) => String(catalogues[language][key]);
const at = (language: Language, path: string) => `${panel.origin}${language === 'en' ? '/en' : ''}${path}`;

/** A browser of its own, signed in. */
async function enter(language: Language, email: string, { javaScript = false, secret = password } = {}) {
  const visit = await newVisit(browser, { javaScript, locale: language, origin: panel.origin });
  await signIn(visit.page, language, email, secret);
  await visit.page.waitForURL(at(language, '/dashboard'));
  return visit;
}

async function signIn(page: Page, language: Language, email: string, secret = password) {
  if (!page.url().includes('/login')) await page.goto(at(language, '/login'));
  await page.getByLabel(t(language, 'login.email'), { exact: true }).fill(email);
  await page.getByLabel(t(language, 'login.password'), { exact: true }).fill(secret);
  await page.getByRole('button', { name: t(language, 'login.submit'), exact: true }).click();
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const isOut = async (page: Page, language: Language) => {
  await page.goto(at(language, '/dashboard'));
  return new URL(page.url()).pathname.endsWith('/login');
};

async function arrive(language: Language, name: string): Promise<string> {
  const email = `${name}-${language}@example.com`;
  await new Visitor(panel, language).arrive(email);
  return email;
}

describe.skipIf(browserMissing)('another browser', () => {
  test.each(both)('is seen, ended from here, and told to sign in (%s, JavaScript: %s)', async (language, javaScript) => {
    const email = await arrive(language, 'sessions');
    const here = await enter(language, email, { javaScript });
    const there = await enter(language, email, { javaScript });
    await here.page.goto(at(language, '/account/security'));
    // This one, that one, and the one that verified the address.
    expect(await here.page.getByText(t(language, 'security.sessions.this')).count()).toBe(1);
    await here.page.locator('[aria-labelledby=sessions-heading] td button').first().click();
    await here.page.getByText(t(language, 'security.sessions.ended')).waitFor();
    await press(here.page, t(language, 'security.sessions.endOthers'));
    await here.page.locator('.message[role=status]').waitFor();
    expect([await isOut(here.page, language), await isOut(there.page, language)]).toEqual([false, true]);
    expect([...here.complaints, ...there.complaints]).toEqual([]);
    await Promise.all([here.context.close(), there.context.close()]);
  });
});

describe.skipIf(browserMissing)('the letter about a new device', () => {
  test.each(both)(
    'ends everything with “this was not me”, and the next letter sets a new password (%s, JavaScript: %s)',
    async (language, javaScript) => {
      const email = await arrive(language, 'device');
      const thief = await enter(language, email, { javaScript });
      const letter = await new Visitor(panel, language).linkFor(email, '/account/not-me/');
      const owner = await newVisit(browser, { javaScript, locale: language, origin: panel.origin });
      await owner.page.goto(at(language, letter));
      await press(owner.page, t(language, 'notMe.submit'));
      await owner.page.getByText(t(language, 'notMe.done')).waitFor();
      expect(await isOut(thief.page, language)).toBe(true);
      await signIn(thief.page, language, email);
      await thief.page.getByRole('heading', { name: t(language, 'error.summary') }).waitFor();

      await owner.page.goto(at(language, await new Visitor(panel, language).linkFor(email, '/password/reset/')));
      await owner.page.getByLabel(t(language, 'reset.password'), { exact: true }).fill(newPassword);
      await press(owner.page, t(language, 'reset.submit'));
      await owner.page.getByText(t(language, 'reset.done')).waitFor();
      await signIn(owner.page, language, email, newPassword);
      await owner.page.waitForURL(at(language, '/dashboard'));
      expect(owner.complaints).toEqual([]);
      await Promise.all([owner.context.close(), thief.context.close()]);
    },
  );
});

describe.skipIf(browserMissing)('a forgotten password', () => {
  test.each(both)(
    'is set anew by letter, with the reasons against a weak one (%s, JavaScript: %s)',
    async (language, javaScript) => {
      const email = await arrive(language, 'forgot');
      const { page, context } = await newVisit(browser, { javaScript, locale: language, origin: panel.origin });
      await page.goto(at(language, '/login'));
      await page.getByRole('link', { name: t(language, 'login.forgot') }).click();
      await page.getByLabel(t(language, 'login.email'), { exact: true }).fill(email);
      await press(page, t(language, 'reset.forgot.submit'));
      await page.getByText(t(language, 'reset.mailed')).waitFor();
      await page.goto(at(language, await new Visitor(panel, language).linkFor(email, '/password/reset/')));
      await page.getByLabel(t(language, 'reset.password'), { exact: true }).fill('qwer1234');
      await press(page, t(language, 'reset.submit'));
      await page.getByRole('heading', { name: t(language, 'error.summary') }).waitFor();
      await page.getByLabel(t(language, 'reset.password'), { exact: true }).fill(newPassword);
      await press(page, t(language, 'reset.submit'));
      await page.getByText(t(language, 'reset.done')).waitFor();
      await signIn(page, language, email, newPassword);
      await page.waitForURL(at(language, '/dashboard'));
      await context.close();
    },
  );
});

describe.skipIf(browserMissing)('a session that is about to end', () => {
  test.each(['ko', 'en'] as const)(
    'says so three minutes before, and goes on at a press of the button (%s)',
    async (language) => {
      const email = await arrive(language, 'idle');
      const { page, context, complaints } = await newVisit(browser, { javaScript: true, locale: language, origin: panel.origin });
      await page.clock.install();
      await signIn(page, language, email);
      await page.waitForURL(at(language, '/dashboard'));
      await page.goto(at(language, '/account/security'));
      const box = page.getByRole('alertdialog', { name: t(language, 'idle.title') });
      const pass = async (minutes: number) => {
        panel.clock.advance(minutes * minute);
        await page.clock.fastForward(minutes * minute);
      };
      await pass(25);
      expect(await box.count()).toBe(0);
      await pass(2);
      await box.waitFor();
      expect(await box.locator('p:visible').allTextContents()).toEqual([expect.stringMatching(/\d{1,2}:\d\d/)]);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/idle-${language}.png` });
      await page.keyboard.press('Enter');
      await box.waitFor({ state: 'hidden' });
      await pass(20);
      expect(await box.count()).toBe(0);
      await pass(11);
      await page.getByRole('alertdialog', { name: t(language, 'idle.over') }).waitFor();
      expect(await isOut(page, language)).toBe(true);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );

  test('is told in every tab of it, and pressed away in all of them by one press', async () => {
    const email = await arrive('ko', 'tabs');
    const { page, context } = await newVisit(browser, { javaScript: true, locale: 'ko', origin: panel.origin });
    await page.clock.install();
    await signIn(page, 'ko', email);
    await page.waitForURL(at('ko', '/dashboard'));
    const other = await context.newPage();
    await other.goto(at('ko', '/account/security'));
    const boxes = [page, other].map((one) => one.getByRole('alertdialog', { name: t('ko', 'idle.title') }));
    panel.clock.advance(28 * minute);
    await page.clock.fastForward(28 * minute);
    for (const box of boxes) await box.waitFor();
    await other.keyboard.press('Enter');
    for (const box of boxes) await box.waitFor({ state: 'hidden' });
    // What the one tab was told holds in the other: at the old end nothing happens, at the new one both say so.
    for (const minutes of [3, 28]) {
      panel.clock.advance(minutes * minute);
      await page.clock.fastForward(minutes * minute);
      const over = [page, other].map((one) => one.getByRole('alertdialog', { name: t('ko', 'idle.over') }));
      if (minutes === 3) expect(await Promise.all(over.map((one) => one.count()))).toEqual([0, 0]);
      else for (const one of over) await one.waitFor();
    }
    await context.close();
  });

  test.each(both)('and did keeps the form that was sent after it (%s, JavaScript: %s)', async (language, javaScript) => {
    const email = await arrive(language, 'kept');
    const { page, context } = await enter(language, email, { javaScript });
    await page.goto(at(language, '/files'));
    await page.getByLabel(t(language, 'files.folderName'), { exact: true }).fill('여름 사진');
    panel.clock.advance(31 * minute);
    await press(page, t(language, 'files.makeFolder'));
    await page.waitForURL(/\/login\?next=/);
    await signIn(page, language, email);
    await page.waitForURL(/\/files\/www/);
    expect(await page.getByLabel(t(language, 'files.folderName'), { exact: true }).inputValue()).toBe('여름 사진');
    await press(page, t(language, 'files.makeFolder'));
    await page.getByRole('link', { name: '여름 사진' }).first().waitFor();
    await context.close();
  });
});
