// A customer's telephone: 360 pixels wide, without JavaScript, signed in, and nothing hangs over its edge.
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { type Language, type Words, wordsIn } from '../../src/platform/web/words.ts';
import { newVisit } from '../support/browser.ts';
import { password, type TestPanel } from '../support/panel.ts';

const width = 360;

export class Phone {
  readonly page: Page;
  readonly words: Words;
  readonly #panel: TestPanel;
  readonly #language: Language;
  readonly #visit: Awaited<ReturnType<typeof newVisit>>;

  private constructor(panel: TestPanel, language: Language, visit: Awaited<ReturnType<typeof newVisit>>) {
    this.page = visit.page;
    this.words = wordsIn(language, { catalogues, zone: 'Asia/Seoul', now: () => panel.clock.now() });
    this.#panel = panel;
    this.#language = language;
    this.#visit = visit;
  }

  static async of(browser: Browser, panel: TestPanel, language: Language): Promise<Phone> {
    const visit = await newVisit(browser, { javaScript: false, locale: language, origin: panel.origin });
    await visit.page.setViewportSize({ width, height: 740 });
    return new Phone(panel, language, visit);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(`${this.#panel.origin}${this.#language === 'en' ? '/en' : ''}${path}`);
    await this.fits();
  }

  async logIn(email: string): Promise<void> {
    const { t } = this.words;
    await this.open('/login');
    await this.page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await this.page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await this.press(t('login.submit'));
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).first().click();
    await this.fits();
  }

  async follow(link: Locator): Promise<void> {
    await link.first().click();
    await this.fits();
  }

  link(name: string): Locator {
    return this.page.getByRole('link', { name, exact: true });
  }

  /** @returns what stands in this part of the page, its spaces all of one kind */
  async says(part = 'main'): Promise<string> {
    return (await this.page.locator(part).first().innerText()).replaceAll(/\s+/g, ' ');
  }

  /** Nothing hangs over the edge. */
  async fits(): Promise<void> {
    expect([this.page.url(), await this.page.evaluate('document.documentElement.scrollWidth')]).toEqual([this.page.url(), width]);
  }

  /** @returns the file as the browser has it */
  async download(link: Locator): Promise<string> {
    const [arriving] = await Promise.all([this.page.waitForEvent('download'), link.first().click()]);
    return arriving.path();
  }

  async close(): Promise<void> {
    expect(this.#visit.complaints).toEqual([]);
    await this.#visit.context.close();
  }
}
