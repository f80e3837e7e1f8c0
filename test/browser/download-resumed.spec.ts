// A download that a telephone gives up in the middle is gone on with by the page's own command, over a line that breaks once more.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { hour } from '../../src/platform/clock.ts';
import { type BreakingLine, breakingLine } from '../support/breaking-line.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/embedding/installed.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { Phone } from './phone.ts';

const run = promisify(execFile);
const size = 24_000_000;

let panel: TestPanel;
let browser: Browser;
let line: BreakingLine;
let folder: string;
let arriving: string;

beforeAll(async () => {
  if (browserMissing) return;
  folder = await mkdtemp(join(tmpdir(), 'gotgan-resumed-'));
  const port = await freePort();
  panel = await startPanel({ limitsScale: 1000, publicUrl: `http://127.0.0.1:${port}` });
  line = await breakingLine(port, panel.server.address());
  arriving = join(folder, 'arriving');
  browser = await launchBrowser([], arriving);
});
afterAll(async () => {
  await browser?.close();
  await line?.close();
  await panel?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(browserMissing).each(['ko', 'en'] as const)('a download over a line that breaks (%s)', (language) => {
  test('is whole in the end, and its SHA-256 is the one that the page shows', async () => {
    const email = `owner-${language}@example.com`;
    const owner = new Visitor(panel, language);
    const site = await owner.arrive(email, { plan: 'forest' });
    await writeFile(join(panel.folder, 'sites', site, 'www', 'film.bin'), randomBytes(size));
    await owner.submit(`/sites/${site}/backups`, {});
    await panel.work();
    const phone = await Phone.of(browser, panel, language);
    const { t } = phone.words;
    await phone.logIn(email);
    await phone.open(`/sites/${site}/backups`);
    const shown = /\b[0-9a-f]{64}\b/.exec(await phone.says())?.[0];
    const whole = phone.page.locator('main a.button-primary[href$="/download"]');

    // The telephone comes to an end of its network, and its owner gives up.
    line.holdAfter(size / 3);
    const [download] = await Promise.all([phone.page.waitForEvent('download'), whole.click()]);
    await line.held();
    const part = join(folder, download.suggestedFilename());
    const [unfinished = ''] = await readdir(arriving);
    await copyFile(join(arriving, unfinished), part);
    await download.cancel();
    line.breakAll();
    const had = (await stat(part)).size;
    expect(had).toBeGreaterThan(0);
    expect(had).toBeLessThan(size);

    // At a desk: the command of the page for an hour, as it stands there, run again as it says when the line breaks once more.
    await phone.open(`/sites/${site}/backups`);
    await phone.page
      .locator('main summary', { hasText: t('downloads.program') })
      .first()
      .click();
    await phone.follow(phone.page.locator('main a[href$="/link"]'));
    await phone.page.locator('main form button').click();
    const command = await phone.page.locator('#curl').innerText();
    const address = await phone.page.locator('#url').innerText();
    const [program = '', ...given] = command.split(' ').map((one) => one.replaceAll("'", ''));
    const curl = () => run(program, ['-sS', '-w', '%{size_download}', ...given], { cwd: folder });
    line.breakAfter(size / 3);
    const fetched = [await curl().catch((error) => error)];
    expect(fetched[0]?.code).toBeGreaterThan(0);
    fetched.push(await curl());
    const bytes = await readFile(part);
    expect(sum(bytes)).toBe(shown);
    expect(had + fetched.reduce((all, { stdout }) => all + Number(stdout), 0)).toBe(bytes.length);

    panel.clock.advance(hour);
    const over = await fetch(address);
    expect([over.status, await over.text()]).toEqual([
      410,
      expect.stringContaining(String(catalogues.ko['downloads.link.gone'])),
    ]);
    await phone.close();
  });
});
