// Another e-mail address with its way back, and a list of networks with its own, as a person meets them in a real browser.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  panel = await startPanel({ trustProxy: 'loopback' });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

const office = '203.0.113.9';
const elsewhere = '198.51.100.77';

type Person = {
  readonly page: Page;
  readonly complaints: string[];
  t(key: string): string;
  at(path: string): string;
  press(key: string, role?: 'button' | 'link'): Promise<void>;
  signIn(email: string, secret?: string): Promise<void>;
  openLetter(email: string, path: string): Promise<void>;
  close(): Promise<void>;
};

async function person(language: 'ko' | 'en', javaScript: boolean): Promise<Person> {
  const { origin } = panel;
  const { context, page, complaints } = await newVisit(browser, { javaScript, locale: language, origin });
  const t = (key: string) => String(catalogues[language][key]);
  const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
  const press = (key: string, role: 'button' | 'link' = 'button') => page.getByRole(role, { name: t(key), exact: true }).click();
  return {
    page,
    complaints,
    t,
    at,
    press,
    signIn: async (email, secret = password) => {
      await page.goto(at('/login'));
      await page.getByLabel(t('login.email'), { exact: true }).fill(email);
      await page.getByLabel(t('login.password'), { exact: true }).fill(secret);
      await press('login.submit');
      await page.waitForLoadState();
    },
    openLetter: async (email, path) => {
      await page.goto(at(await new Visitor(panel, language).linkFor(email, path)));
    },
    close: () => context.close(),
  };
}

const ways = [
  ['ko', true],
  ['en', false],
] as const;

describe.skipIf(browserMissing)('another e-mail address', () => {
  test.each(ways)('is asked for, agreed to by both mailboxes, and undone (%s, JavaScript: %s)', async (language, javaScript) => {
    const [email, wanted] = [`moves-${language}@example.com`, `moved-${language}@example.com`];
    await new Visitor(panel, language).arrive(email);
    const me = await person(language, javaScript);
    await me.signIn(email);
    await me.page.goto(me.at('/account/security'));
    await me.press('address.change', 'link');
    await me.page.getByLabel(me.t('address.new'), { exact: true }).fill(wanted);
    await me.press('address.submit');
    await me.page.getByText(me.t('address.waiting.no')).first().waitFor();

    await me.openLetter(email, '/account/address/old/');
    await me.press('address.link.submit.old');
    await me.page.getByText(me.t('address.half')).waitFor();
    await me.openLetter(wanted, '/account/address/new/');
    await me.press('address.link.submit.new');
    await me.page.getByText(me.t('address.done')).waitFor();
    expect(await me.page.getByText(wanted).count()).toBeGreaterThan(0);

    await me.openLetter(email, '/account/address/undo/');
    await me.press('address.undo.submit');
    await me.page.waitForURL(me.at('/login'));
    await me.openLetter(email, '/password/reset/');
    await me.page.getByLabel(me.t('reset.password'), { exact: true }).fill('quiet-Harbor-52-lantern');
    await me.press('reset.submit');
    await me.page.waitForURL(me.at('/login'));
    await me.signIn(email, 'quiet-Harbor-52-lantern');
    expect(me.page.url()).toBe(me.at('/dashboard'));
    expect(me.complaints).toEqual([]);
    await me.close();
  });
});

describe.skipIf(browserMissing)('a list of networks', () => {
  test.each(ways)(
    'keeps its owner in, strangers out, and is lifted by letter (%s, JavaScript: %s)',
    async (language, javaScript) => {
      const email = `office-${language}@example.com`;
      const arriving = new Visitor(panel, language);
      await arriving.arrive(email);
      const me = await person(language, javaScript);
      await me.page.context().setExtraHTTPHeaders({ 'X-Forwarded-For': office });
      await me.signIn(email);
      await me.page.goto(me.at('/account/security'));
      await me.press('networks.change', 'link');
      const list = me.page.getByLabel(me.t('networks.list'), { exact: true });
      const withPresent = me.page.getByRole('checkbox');
      await list.fill('192.0.2.0/24');
      await withPresent.uncheck();
      await me.press('networks.submit');
      await me.page.locator('#networks-error').filter({ hasText: office }).waitFor();
      expect(await list.inputValue()).toBe('192.0.2.0/24');
      await withPresent.check();
      await me.press('networks.submit');
      await me.page.getByRole('status').waitFor();
      expect(await list.inputValue()).toBe(`192.0.2.0/24\n${office}`);

      await me.page.context().setExtraHTTPHeaders({ 'X-Forwarded-For': elsewhere });
      await me.page.goto(me.at('/dashboard'));
      expect(me.page.url()).toContain('/login?next=');
      await me.signIn(email);
      await me.page.getByText(me.t('login.failed')).first().waitFor();
      await me.openLetter(email, '/account/networks/');
      await me.press('networks.lift.submit');
      await me.page.getByText(me.t('networks.lift.done')).waitFor();
      await me.signIn(email);
      expect(me.page.url()).toBe(me.at('/dashboard'));
      // A refused form is an answer like any other, which Chromium's console takes for a fault.
      expect(me.complaints.filter((text) => !/status of 422/.test(text))).toEqual([]);
      await me.close();
    },
  );
});
