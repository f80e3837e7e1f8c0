// A database in a real browser: made, its password kept, a WordPress export imported, its tables seen, downloaded again. Without JavaScript too.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { wordpressDump, wordpressTables } from '../databases/wordpress-dump.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { ask } from '../support/database-client.ts';
import { administrator } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  if (browserMissing) return;
  panel = await startPanel();
  await hostDatabases(panel, ['mariadb']);
  browser = await launchBrowser();
  folder = await mkdtemp(join(tmpdir(), 'gotgan-dump-'));
});
afterAll(async () => {
  await browser?.close();
  if (panel) await closeHosted(panel);
  if (folder) await rm(folder, { recursive: true, force: true });
});

describe.skipIf(browserMissing)('a database', () => {
  test.each([
    ['ko', true],
    ['en', false],
  ] as const)(
    'is made, filled from a WordPress export, seen and downloaded (%s, JavaScript: %s)',
    async (language, javaScript) => {
      const t = (key: string) => String(catalogues[language][key]);
      const { origin } = panel;
      const email = `owner-${language}@example.com`;
      const site = await new Visitor(panel, language).arrive(email);
      const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
      const { page, complaints, context } = await newVisit(browser, { javaScript, locale: language, origin });
      await page.goto(at('/login'));
      await page.getByLabel(t('login.email'), { exact: true }).fill(email);
      await page.getByLabel(t('login.password'), { exact: true }).fill(password);
      await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
      await page.waitForURL(at('/dashboard'));

      await page.getByRole('link', { name: t('shell.databases'), exact: true }).click();
      await page.waitForURL(at(`/sites/${site}/databases`));
      await page.getByLabel(t('databases.name'), { exact: true }).fill('blog');
      await page.getByRole('button', { name: t('databases.makeSubmit'), exact: true }).click();
      await page.waitForURL(/\/password\/once$/);
      const drawn = (await page.locator('output').innerText()).trim();
      const copies = page.getByRole('button', { name: new RegExp(t('shell.copy')) });
      expect(await copies.count()).toBe(javaScript ? 1 : 0);
      const name = `${site}_blog`;
      const access = { ...administrator('mariadb'), user: name, password: drawn };
      expect(await ask(access, name, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await page.getByRole('link', { name: t('databases.once.done') }).click();
      expect(await page.locator('main').innerText()).toContain(t('databases.noTables'));
      expect(await page.locator('main').innerText()).not.toContain(drawn);

      const file = join(folder, `${language}.sql.gz`);
      await writeFile(file, gzipSync(wordpressDump(120)));
      await page.getByRole('link', { name: t('databases.import'), exact: true }).click();
      await page.getByLabel(t('databases.import.file'), { exact: true }).setInputFiles(file);
      await page.getByRole('button', { name: t('databases.import.submit'), exact: true }).click();
      await page.waitForURL(/\/imports\/[0-9a-f-]{36}$/);
      expect(await page.locator('main').innerText()).toContain(t('databases.import.step.queued'));
      await panel.work();
      // By itself where scripts run, by the link where they do not.
      const done = t('databases.import.done').split('{lines}')[0] ?? '';
      if (javaScript) await page.locator('[data-job-text]', { hasText: done }).waitFor();
      await page.getByRole('link', { name: t('databases.refresh') }).click();
      expect(await page.locator('main').innerText()).toContain(done);

      await page.getByRole('link', { name: t('databases.import.toDatabase') }).click();
      for (const table of wordpressTables)
        expect(await page.getByRole('rowheader', { name: table, exact: true }).count()).toBe(1);
      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name: t('databases.download') }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toMatch(new RegExp(`^${name}-\\d{8}-\\d{4}\\.sql\\.gz$`));
      const sql = gunzipSync(await readFile(await download.path())).toString();
      expect(sql).toContain('햇살 공방');
      expect(sql).not.toContain('DEFINER');
      expect(complaints).toEqual([]);
      await context.close();
    },
  );
});
