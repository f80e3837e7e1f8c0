// The main job in a real browser against the real program: sign up, agree, verify, sign in, upload, back up, download, and find every byte again.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { type Language, wordsIn } from '../../src/platform/web/words.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { freePort } from '../support/embedding/installed.ts';
import { gotgan, type Program } from '../support/program.ts';

const run = promisify(execFile);
const password = 'maple-Teacup-48-orbit';

let folder: string;
let origin: string;
let program: Program;
let browser: Browser;

/** What is uploaded, by its path on the customer's machine: single files, and below `folder/` a folder as a whole. */
type Upload = {
  readonly accepted: Map<string, Buffer>;
  readonly refused: Map<string, Buffer>;
  readonly folder: Map<string, Buffer>;
};

/** A photograph as a camera makes it: noise that does not compress, with EXIF. */
async function photograph(): Promise<Buffer> {
  const [width, height] = [1600, 1200];
  const noise = randomBytes(width * height * 3);
  return sharp(noise, { raw: { width, height, channels: 3 } })
    .blur(1.2)
    .withExif({ IFD0: { Make: 'Gotgan', Model: 'Camera 1', Copyright: '햇살' } })
    .jpeg({ quality: 88 })
    .toBuffer();
}

async function files(): Promise<Upload> {
  const photo = await photograph();
  const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
  const page = Buffer.from(
    '<!doctype html>\n<html lang="ko"><meta charset="utf-8"><title>햇살 공방</title><img src="photo.jpg" alt="">\n',
  );
  return {
    accepted: new Map([
      ['photo.jpg', photo],
      ['index.html', page],
    ]),
    refused: new Map([
      ['shell.php', Buffer.from('<?php system($_GET["c"]);')],
      ['a.php.jpg', photo],
      ['setup.jpg', Buffer.concat([Buffer.from('MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0', 'latin1'), randomBytes(4000)])],
      ['funny.gif', Buffer.concat([gif, Buffer.from('<?php echo shell_exec($_GET["c"]); ?>')])],
    ]),
    folder: new Map([
      ['여름 사진/제주도/바다.jpg', photo.subarray(0)],
      ['여름 사진/제주도/일기.txt', Buffer.from('오늘은 바다에 갔다.\n')],
      // a Mac sends decomposed Hangul; it is stored composed
      [`여름 사진/${'가을 산.txt'.normalize('NFD')}`, Buffer.from('산\n')],
      ['여름 사진/읽어 주세요 (1).txt', Buffer.alloc(0)],
    ]),
  };
}

async function write(root: string, contents: ReadonlyMap<string, Buffer>): Promise<string[]> {
  const paths = [...contents.keys()].map((name) => join(root, name));
  for (const path of paths) await mkdir(dirname(path), { recursive: true });
  await Promise.all([...contents].map(([name, body]) => writeFile(join(root, name), body)));
  return paths;
}

/** @returns the link to `path` in the newest letter to this address, as soon as there is one */
async function mailedLink(email: string, path: string): Promise<string> {
  const outbox = join(folder, 'data/outbox');
  for (let tries = 0; tries < 100; tries += 1) {
    for (const name of (await readdir(outbox).catch(() => [])).sort().reverse()) {
      const letter = await readFile(join(outbox, name), 'utf8').catch(() => '');
      const link = letter.includes(email) ? new RegExp(`^(https?://\\S*${path}\\S*)$`, 'm').exec(letter)?.[1] : undefined;
      if (link) return link;
    }
    await sleep(100);
  }
  throw new Error(`no letter to ${email} with a link to ${path}`);
}

/** @returns what the program has logged as its own faults */
const bugs = () =>
  program
    .out()
    .split('\n')
    .filter((line) => line.includes('"level":50') || line.includes('"level":60'));

/** Reloads the page until it holds what is waited for, as a person without JavaScript would. */
async function reloadUntil(page: Page, isThere: () => Promise<boolean>, what: string, seconds = 60): Promise<void> {
  for (const until = Date.now() + seconds * 1000; !(await isThere()); await page.reload()) {
    if (Date.now() > until || bugs().length > 0)
      throw new Error(`${what} did not come: ${(await page.locator('main').innerText()).slice(0, 2000)}\n${bugs().join('\n')}`);
    await sleep(500);
  }
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

beforeAll(async () => {
  if (browserMissing) return;
  folder = await mkdtemp(join(tmpdir(), 'gotgan-journey-'));
  const port = await freePort();
  origin = `http://localhost:${port}`;
  program = gotgan(['serve'], { folder, environment: { PORT: String(port), LOG_LEVEL: 'warn' } });
  await program.said(/http:\/\/localhost/);
  browser = await launchBrowser();
});

afterAll(async () => {
  program?.child.kill('SIGTERM');
  await program?.ended;
  await browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const title = browserMissing ? `the main job (${browserMissing})` : 'the main job';

describe.skipIf(browserMissing).each([
  ['ko', true],
  ['ko', false],
  ['en', true],
  ['en', false],
] as const)(`${title}, language %s, JavaScript %s`, (language: Language, javaScript) => {
  test('a customer signs up, agrees, uploads, and has every byte back in a backup that was verified', async () => {
    const { t } = wordsIn(language, { catalogues, zone: 'Asia/Seoul', now: Date.now });
    const { context, page, complaints } = await newVisit(browser, {
      javaScript,
      locale: language === 'ko' ? 'ko-KR' : 'en-GB',
      origin,
    });
    const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
    const press = (key: string) => page.getByRole('button', { name: t(key), exact: true }).click();
    const email = `customer-${language}-${javaScript}@example.com`;
    const local = join(folder, `local-${language}-${javaScript}`);
    const upload = await files();

    await page.goto(at('/'));
    await page
      .getByRole('link', { name: t('shell.signUp'), exact: true })
      .first()
      .click();
    expect(page.url()).toBe(at('/signup'));
    expect(await page.locator('input[type=checkbox]:checked, input[type=radio]:checked').count()).toBe(0);
    await page.locator('input[name=plan]').first().check();
    for (const name of ['age_14', 'agree_terms', 'agree_backup', 'agree_sla']) await page.locator(`input[name=${name}]`).check();
    await page.locator('input[name=email]').fill(email);
    await page.locator('input[name=password]').fill(password);
    await press('signup.submit');
    expect(page.url()).toBe(at('/signup/sent'));

    await page.goto(await mailedLink(email, '/verify/'));
    await press('verify.submit');
    expect(page.url()).toBe(at('/dashboard'));

    await press('shell.logout');
    expect(page.url()).toBe(at('/login'));
    await page.locator('input[name=email]').first().fill(email);
    await page.locator('input[name=password]').fill(password);
    await press('login.submit');
    expect(page.url()).toBe(at('/dashboard'));

    await page.goto(at('/files'));
    const chooser = page.locator('form[enctype="multipart/form-data"]');
    await reloadUntil(page, async () => (await chooser.count()) > 0, 'the upload form of the prepared site', 30);
    const site = /\/sites\/([a-z0-9-]+)\//.exec(page.url())?.[1] ?? '';
    const single = await write(join(local, 'single'), new Map([...upload.accepted, ...upload.refused]));
    await write(join(local, 'folder'), upload.folder);
    await chooser.locator('input[type=file]:not([webkitdirectory])').setInputFiles(single);
    await chooser.locator('input[type=file][webkitdirectory]').setInputFiles(join(local, 'folder/여름 사진'));
    await press('files.upload');
    expect(page.url()).toMatch(new RegExp(`^${at(`/sites/${site}/files/results/`)}`));
    const rows = new Map<string, string[]>();
    for (const row of await page.locator('tbody tr').all()) {
      const cells = (await row.locator('th, td').allInnerTexts()).map((text) => text.trim());
      rows.set(cells[0] ?? '', cells.slice(1));
    }
    for (const name of upload.refused.keys()) {
      const [result = '', , reason = ''] = rows.get(name) ?? [];
      expect([name, result]).toEqual([name, t('files.result.refused')]);
      expect(reason.length, `${name} has a reason`).toBeGreaterThan(10);
    }
    const kept = new Map([...upload.accepted, ...upload.folder].map(([name, body]) => [`www/${name.normalize('NFC')}`, body]));
    const stored = [...rows].filter(([, [result]]) => result === t('files.result.stored')).map(([name]) => name);
    expect(stored.map((name) => `www/${name.replace(/^\/?(www\/)?/, '')}`).sort()).toEqual([...kept.keys()].sort());

    await page.goto(at('/backups'));
    expect(page.url()).toBe(at(`/sites/${site}/backups`));
    await page.locator(`form[method=post][action$="/sites/${site}/backups"] button`).last().click();
    await page.waitForURL(new RegExp(`/sites/${site}/backups/[0-9a-f-]{36}$`));
    const download = page.locator('main a[href$="/download"]').first();
    const isVerified = async () =>
      (await download.count()) > 0 &&
      (await page.locator('main').getByText(t('backups.state.verified'), { exact: true }).count()) > 0 &&
      !(await page.locator('[data-job]').count());
    await reloadUntil(page, isVerified, 'the verified backup', 90);
    const shown = /\b[0-9a-f]{64}\b/.exec(await page.locator('main').innerText())?.[0] ?? '';

    const [arriving] = await Promise.all([page.waitForEvent('download'), download.click()]);
    const archive = join(local, 'backup.zip');
    await arriving.saveAs(archive);
    expect(arriving.suggestedFilename()).toMatch(new RegExp(`^${site}-\\d{8}-\\d{4}(-\\d+)?\\.zip$`));
    expect(
      createHash('sha256')
        .update(await readFile(archive))
        .digest('hex'),
    ).toBe(shown);

    await run('unzip', ['-tq', archive]);
    await run('unzip', ['-q', archive, '-d', join(local, 'unzipped')], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    const unzipped = join(local, 'unzipped');
    expect((await filesBelow(unzipped)).filter((name) => name.startsWith('www/')).sort()).toEqual([...kept.keys()].sort());
    for (const [name, body] of kept) expect((await readFile(join(unzipped, name))).equals(body), name).toBe(true);
    const manifest = await readFile(join(unzipped, 'manifest.json'), 'utf8');
    for (const [name, body] of kept) expect(manifest, name).toContain(createHash('sha256').update(body).digest('hex'));

    expect(complaints).toEqual([]);
    expect(bugs()).toEqual([]);
    await context.close();
  });
});
