// Somebody who comes to the page of uploads by the links.
import type { Browser } from 'playwright-core';
import { catalogues } from '../../src/messages/catalogue.ts';
import { newVisit, type Visit } from '../support/browser.ts';
import { password, type TestPanel, Visitor } from '../support/panel.ts';

export type AtUploads = Visit & {
  readonly site: string;
  readonly email: string;
  /** @returns a sentence of the page's language */
  t(key: string, values?: Readonly<Record<string, string>>): string;
  /** @returns the address of a path in the page's language */
  at(path: string): string;
};

/** @returns the page of uploads of a new customer. @param name of their address */
export async function atUploads(
  { panel, browser }: { panel: TestPanel; browser: Browser },
  language: 'ko' | 'en',
  name = 'owner',
): Promise<AtUploads> {
  const t = (key: string, values: Readonly<Record<string, string>> = {}) =>
    String(catalogues[language][key]).replace(/\{(\w+)\}/g, (whole, one: string) => values[one] ?? whole);
  const { origin } = panel;
  const email = `${name}-${language}@example.com`;
  const site = await new Visitor(panel, language).arrive(email);
  const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
  const visit = await newVisit(browser, { javaScript: true, locale: language, origin });
  const { page } = visit;
  await page.goto(at('/login'));
  await page.getByLabel(t('login.email'), { exact: true }).fill(email);
  await page.getByLabel(t('login.password'), { exact: true }).fill(password);
  await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
  await page.waitForURL(at('/dashboard'));
  await page.goto(at(`/sites/${site}/files/www`));
  await page.getByRole('link', { name: t('files.uploadPage') }).click();
  await page.waitForURL(/files\/upload\?to=www$/);
  return { ...visit, site, email, t, at };
}
