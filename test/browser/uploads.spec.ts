// Uploads in a real browser: a folder of 300 files is dropped, paused, lost by a reload, dropped again and finished, with three refused.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { startPanel, type TestPanel } from '../support/panel.ts';
import { atUploads } from './uploads-visit.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  if (browserMissing) return;
  panel = await startPanel({ limitsScale: 1000, limits: { diskReserveBytes: 1 } });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

// Two by their names, before a byte is sent, and one by what is in it.
const refused = ['shell.php', 'a.php.jpg', 'report.pdf'];
const large = randomBytes(12_000_000).toString('base64');

/** Drops a folder as a file manager does: through the entries that a browser gives to a page. It runs there. */
const dropping = `(text) => {
  const fileOf = (name, body) => new File([body], name, { lastModified: 1700000000000 });
  const entryOf = (file, folder) => ({ isFile: true, fullPath: folder + '/' + file.name, file: (give) => give(file) });
  const small = Array.from({ length: 296 }, (_, at) => fileOf('글 ' + at + '.txt', 'text ' + at));
  const refused = ${JSON.stringify(refused)}.map((name) => fileOf(name, 'x'));
  const all = [fileOf('큰 파일.txt', text), ...small, ...refused].map((file) => entryOf(file, '/여행'));
  const createReader = () => {
    let at = 0;
    return { readEntries: (give) => give(all.slice(at, (at += 100))) };
  };
  const event = new Event('drop', { bubbles: true, cancelable: true });
  const items = [{ webkitGetAsEntry: () => ({ isFile: false, fullPath: '/여행', createReader }) }];
  Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], items } });
  dispatchEvent(event);
}`;
const isOver = `(() => {
  const rows = [...document.querySelectorAll('.uploads li')];
  const bar = document.querySelector('[data-upload] progress');
  const isFinal = ({ dataset }) => /refused|skipped|stored|cancelled/.test(dataset.state);
  return rows.length > 0 && bar.value === bar.max && rows.every(isFinal);
})()`;
const dropFolder = (page: Page) => page.evaluate(`(${dropping})(${JSON.stringify(large)})`);

describe.skipIf(browserMissing)('a dropped folder of 300 files', () => {
  test.each([
    ['ko', 1280],
    ['en', 360],
  ] as const)(
    'is paused, lost by a reload, goes on and ends with three refusals in sight (%s, %i px)',
    async (language, width) => {
      const t = (key: string) => String(catalogues[language][key]);
      const { page, complaints, context, site } = await atUploads({ panel, browser }, language);
      await page.setViewportSize({ width, height: 800 });
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: panel.origin });

      // The second piece of the large file waits here until the page is left.
      const offsets: number[] = [];
      let isHeld = true;
      await page.route(/\/files\/uploads\/[^/]+$/, async (route) => {
        if (route.request().method() === 'PATCH') offsets.push(Number(route.request().headers()['upload-offset']));
        if (isHeld && offsets.length > 1) return;
        await route.continue();
      });
      const states = (name: string) => page.locator(`.uploads li[data-state="${name}"]`);
      await dropFolder(page);
      await states('refused').nth(2).waitFor();
      const folder = join(panel.folder, 'sites', site, 'www', '여행');
      const stored = async () => (await readdir(folder).catch(() => [])).length;
      await expect.poll(async () => [offsets.length, await stored()], { timeout: 60_000 }).toEqual([2, 296]);
      await page.getByRole('button', { name: t('files.script.pauseAll'), exact: true }).click();
      await states('paused').first().waitFor();
      expect(await states('refused').count()).toBe(3);
      isHeld = false;
      page.once('dialog', (dialog) => void dialog.accept());
      await page.reload();

      const text = await page.locator('main').innerText();
      for (const sentence of [t('files.unfinished'), '여행/큰 파일.txt', t('files.refusedLately'), 'shell.php'])
        expect(text).toContain(sentence);
      await dropFolder(page);
      // What is there already is asked about first; nothing more is sent for it.
      await page.getByRole('button', { name: t('files.conflict.skip'), exact: true }).click();
      await expect.poll(() => page.evaluate(isOver), { timeout: 60_000 }).toBe(true);

      expect(await page.locator('main').innerText()).not.toContain(t('files.unfinished'));

      expect(await readdir(folder)).toHaveLength(297);
      expect(await readFile(join(folder, '큰 파일.txt'), 'latin1')).toBe(large);
      expect(await readFile(join(folder, '글 7.txt'), 'utf8')).toBe('text 7');
      expect(await readdir(join(panel.folder, 'unfinished'))).toEqual([]);
      // Of two pieces the first was not sent again.
      expect([offsets[0], ...new Set(offsets.slice(1))]).toEqual([0, 8 * 1024 * 1024]);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: t('files.script.csv'), exact: true }).click(),
      ]);
      const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
      expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(refused.map((name) => `"여행/${name}"`));
      const inList = await page.locator('.uploads li[data-state="refused"] .upload-name').allInnerTexts();
      expect(inList).toEqual(refused.map((name) => `여행/${name}`));
      await page.getByRole('button', { name: t('files.script.copyRefused'), exact: true }).click();
      await page.getByText(t('files.script.copied').replace('{count}', '3')).waitFor();
      const copied = String(await page.evaluate('navigator.clipboard.readText()'))
        .trimEnd()
        .split('\n');
      expect(copied.map((line) => line.split('\t')[0])).toEqual(refused.map((name) => `여행/${name}`));

      // The mended one goes where the refused one would have gone; what was not refused is left out.
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page
          .locator('.upload-queue')
          .getByRole('button', { name: t('files.script.again'), exact: true })
          .click(),
      ]);
      const mended = Buffer.from('%PDF-1.7\n%mended\n');
      await chooser.setFiles([
        { name: 'report.pdf', mimeType: 'application/pdf', buffer: mended },
        { name: 'never-refused.txt', mimeType: 'text/plain', buffer: Buffer.from('x') },
      ]);
      await expect.poll(() => readFile(join(folder, 'report.pdf')).catch(() => undefined)).toEqual(mended);
      await expect.poll(() => page.evaluate(isOver)).toBe(true);
      expect(await states('refused').count()).toBe(2);
      expect(await readdir(folder)).toHaveLength(298);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );
});

test.skipIf(browserMissing)('what is cancelled between two attempts is not sent after all', async () => {
  const { page, context, site } = await atUploads({ panel, browser }, 'ko', 'changed-mind');
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  let sent = 0;
  await page.route(/\/files\/upload$/, async (route) => {
    sent += 1;
    // Every bundle says what its files are.
    expect(route.request().postDataBuffer()?.toString('latin1')).toMatch(/name="sha256"\r\n\r\n[0-9a-f]{64}\r\n/);
    if (sent === 1) await route.fulfill({ status: 502, body: 'a proxy' });
    else await route.continue();
  });
  await page.setInputFiles('#files', [{ name: 'draft.txt', mimeType: 'text/plain', buffer: Buffer.from('draft') }]);
  await page.getByRole('button', { name: catalogues.ko['files.upload'] as string, exact: true }).click();
  // Rows are drawn a tenth of a second later, the second attempt is made after a whole one.
  const isWaiting = async () => {
    await page.clock.runFor(100);
    return page.locator('.uploads li[data-state="sending"] .upload-why:not(:empty)').count();
  };
  await expect.poll(isWaiting, { timeout: 30_000 }).toBe(1);
  await page.getByRole('button', { name: catalogues.ko['files.script.cancelAll'] as string, exact: true }).click();
  await page.clock.runFor(60_000);
  // What the page would have sent by now is heard before this answer.
  await page.evaluate('fetch(location.href).then((answer) => answer.text())');
  expect(await page.evaluate(`[...document.querySelectorAll('.uploads li')].map(({ dataset }) => dataset.state)`)).toEqual([
    'cancelled',
  ]);
  expect(sent).toBe(1);
  expect(await readdir(join(panel.folder, 'sites', site, 'www'))).not.toContain('draft.txt');
  await context.close();
});
