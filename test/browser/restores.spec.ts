// A broken site in a real browser on a phone: its backup is restored over it, its home page is as before, and the restore is undone.
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { make } from '../databases/owners.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { blog } from '../support/database-blog.ts';
import { ask } from '../support/database-client.ts';
import { administrator } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  if (browserMissing) return;
  panel = await startPanel();
  await hostDatabases(panel, ['mariadb']);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  if (panel) await closeHosted(panel);
});

describe.skipIf(browserMissing)('a site whose files and tables are gone', () => {
  test.each([
    ['ko', true],
    ['en', false],
  ] as const)('comes back, and goes back again (%s, JavaScript: %s)', async (language, javaScript) => {
    const t = (key: string) => String(catalogues[language][key]);
    const { origin } = panel;
    const email = `owner-${language}@example.com`;
    const owner = new Visitor(panel, language);
    const site = await owner.arrive(email);
    const { name } = await make(owner, site, { db_name: 'blog', engine: 'mariadb' });
    for (const statement of blog.mariadb.make) await ask(administrator('mariadb'), name, statement);
    const www = (...path: string[]) => join(panel.folder, 'sites', site, 'www', ...path);
    await writeFile(www('index.html'), '<h1>햇살 공방</h1>\n');
    await writeFile(www('config.php'), '<?php // settings\n');
    const content = async () => {
      const answers = [];
      for (const question of blog.mariadb.questions) answers.push(await ask(administrator('mariadb'), name, question));
      return answers;
    };
    const before = await content();
    const made = await owner.submit(`/sites/${site}/backups`, {});
    const id = made.headers.location?.split('/').at(-1) ?? '';
    await panel.work();
    for (const table of ['wp_postmeta', 'wp_posts']) await ask(administrator('mariadb'), name, `DROP TABLE ${table}`);
    for (const file of ['index.html', 'config.php']) await rm(www(file));
    await writeFile(www('hacked.html'), 'gone');

    const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
    const { page, complaints, context } = await newVisit(browser, { javaScript, locale: language, origin });
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(at('/login'));
    await page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    await page.waitForURL(at('/dashboard'));

    await page.goto(at(`/sites/${site}/backups/${id}`));
    await page.getByRole('link', { name: new RegExp(`^${t('restores.link')}`) }).click();
    await page.getByLabel(t('restores.choose.inPlace'), { exact: true }).check();
    await page.getByLabel(t('restores.choose.exact'), { exact: true }).check();
    await page.getByRole('button', { name: t('restores.choose.submit'), exact: true }).click();
    const shown = await page.locator('main').innerText();
    for (const word of [t('restores.preview.deleted'), t('restores.preview.new'), name]) expect(shown).toContain(word);
    await page.getByRole('link', { name: t('restores.preview.next') }).click();
    await page.locator('main form button').click();
    await page.waitForURL(/\/restorations\/[0-9a-f-]{36}$/);
    await panel.work();
    const done = t('restores.outcome.inPlace').split('{files}')[0] ?? '';
    if (javaScript) await page.locator('[data-job-text]', { hasText: done }).waitFor();
    await page.getByRole('link', { name: t('restores.refresh') }).click();
    expect(await page.locator('main').innerText()).toContain(done);
    expect((await readdir(www())).sort()).toEqual(['config.php', 'index.html']);
    expect(await content()).toEqual(before);
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBe(360);

    await page.getByRole('button', { name: t('restores.undo.submit'), exact: true }).click();
    await page.waitForURL(/\/restorations\/[0-9a-f-]{36}$/);
    await panel.work();
    await page.reload();
    expect(await page.locator('main').innerText()).toContain(t('restores.outcome.undone').split('{files}')[0]?.split('.')[0]);
    expect(await readdir(www())).toEqual(['hacked.html']);
    expect((await ask(administrator('mariadb'), name, 'SHOW FULL TABLES WHERE table_type = "BASE TABLE"')).length).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
