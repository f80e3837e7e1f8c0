// The file manager in a real browser: an archive with a script in it, a copy with progress, two who edit at once, the trash and back.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { zipOf } from '../files/made-files.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  if (browserMissing) return;
  panel = await startPanel({ limitsScale: 1000 });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

type Language = 'ko' | 'en';
const words = (language: Language) => (key: string) => String(catalogues[language][key]);

/** @returns a page in the folder `www` of a site, signed in, and a way to open another browser of the same person */
async function atFiles(language: Language, width: number, javaScript: boolean) {
  const email = `owner-${language}-${width}@example.com`;
  const site = await new Visitor(panel, language).arrive(email);
  const at = (path: string) => `${panel.origin}${language === 'en' ? '/en' : ''}${path}`;
  const enter = async () => {
    const t = words(language);
    const visit = await newVisit(browser, { javaScript, locale: language, origin: panel.origin });
    const { page } = visit;
    await page.setViewportSize({ width, height: 800 });
    await page.goto(at('/login'));
    await page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    await page.waitForURL(at('/dashboard'));
    await page.goto(at(`/sites/${site}/files/www`));
    return visit;
  };
  const www = (...path: string[]) => join(panel.folder, 'sites', site, 'www', ...path);
  return { ...(await enter()), enter, at, site, www };
}

const main = (page: Page) => page.locator('main').innerText();
/** Nothing hangs over the edge of a small screen. */
const fits = async (page: Page) =>
  expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(true);

describe.skipIf(browserMissing)('the file manager', () => {
  test('a picture that cannot be shown is told in words, in the place of a broken image', async () => {
    const { page, at, site, www } = await atFiles('ko', 360, true);
    await writeFile(www('broken.jpg'), 'no picture at all');
    await page.goto(at(`/sites/${site}/files/www/broken.jpg?do=view`));
    await page.getByText(words('ko')('files.previewMissing')).waitFor();
    expect(await page.locator('.preview').isVisible()).toBe(false);
    await fits(page);
  });

  test.each([
    ['ko', 1280, true],
    ['en', 360, false],
  ] as const)(
    'unpacks, copies, edits with a conflict, throws away and takes back (%s, %i px, JavaScript %s)',
    async (language, width, javaScript) => {
      const t = words(language);
      const { page, complaints, enter, at, site, www } = await atFiles(language, width, javaScript);
      const files = `/sites/${site}/files`;
      const press = (key: string) => page.getByRole('button', { name: t(key), exact: true }).click();
      const open = (name: string) => page.goto(at(`${files}/www/${name}?do=view`));

      // An archive that came by FTP, with a program in it.
      const parts = [
        { name: 'index.html', content: '<p>hello' },
        { name: 'img/note.txt', content: 'a note' },
        { name: 'shell.php', content: '<?php system($_GET[0]);' },
      ];
      await writeFile(www('site.zip'), zipOf(parts));
      await open('site.zip');
      await page.getByRole('link', { name: t('files.extract.open'), exact: true }).click();
      await press('files.extract.submit');
      await page.getByText(t('files.job.queued')).first().waitFor();
      await fits(page);
      await panel.work();
      // The page that is open hears of it by itself; without JavaScript there is the link.
      if (javaScript) await expect.poll(() => page.locator('[data-job-text]').innerText(), { timeout: 20_000 }).toContain('2');
      await page.getByRole('link', { name: t('files.job.refresh'), exact: true }).click();
      expect(await main(page)).toContain('site/shell.php');
      await fits(page);
      expect((await readdir(www('site'))).sort()).toEqual(['img', 'index.html']);

      // A copy that takes its time: progress on its page and on that of the folder, and nothing in the folder before it is whole.
      await mkdir(www('many'));
      for (let number = 0; number < 120; number += 1) await writeFile(www('many', `${number}.txt`), 'x');
      await open('many');
      await page.getByRole('link', { name: t('files.copy.open'), exact: true }).click();
      await press('files.copy.submit');
      await page.waitForURL(/\/files\/jobs\//);
      const copyPage = page.url();
      const half = { state: 'running', bytes_total: 120, bytes_done: 60, moved_at: panel.clock.now() } as const;
      const { connection } = panel.panel.doors;
      await connection.write((tx) => tx.updateTable('file_jobs').set(half).where('ended_at', 'is', null).execute());
      await page.goto(at(`${files}/www`));
      expect((await main(page)).replaceAll('\u00a0', ' ')).toContain('50 %');
      await fits(page);
      await panel.work();
      await page.goto(copyPage);
      expect(await main(page)).toContain('120');
      expect((await readdir(www())).filter((name) => name.startsWith('many'))).toHaveLength(2);

      // Two browsers edit one text: the second one is shown both.
      await writeFile(www('note.txt'), 'first');
      const other = await enter();
      for (const each of [page, other.page]) await each.goto(at(`${files}/www/note.txt?do=edit`));
      const edit = async (tab: Page, text: string) => {
        await tab.getByLabel(t('files.edit.text'), { exact: true }).fill(text);
        await tab.getByRole('button', { name: t('files.edit.save'), exact: true }).click();
      };
      await edit(other.page, 'theirs');
      await other.page.waitForURL(/do=view$/);
      await edit(page, 'mine');
      await page
        .getByRole('heading', { name: t('files.conflict.mine') })
        .or(page.getByText(t('files.conflict.mine')))
        .first()
        .waitFor();
      expect(await readFile(www('note.txt'), 'utf8')).toBe('theirs');
      expect(await page.content()).toContain('theirs');
      await press('files.conflict.save');
      await page.waitForURL(/do=view$/);
      expect(await readFile(www('note.txt'), 'utf8')).toBe('mine');

      // Into the trash and back.
      await press('files.trash.one');
      await page.getByRole('button', { name: t('files.trash.undo'), exact: true }).waitFor();
      expect(await readdir(www())).not.toContain('note.txt');
      await press('files.trash.undo');
      await expect.poll(() => readFile(www('note.txt'), 'utf8').catch(() => '')).toBe('mine');
      // A page that answers 409 is told of by the browser itself.
      expect(complaints.filter((line) => !/409/.test(line))).toEqual([]);
      await other.context.close();
    },
  );
});
