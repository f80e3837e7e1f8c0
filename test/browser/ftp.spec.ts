// FTP in a real browser and with a real client: an account is made on the page, used, seen as used, and gone. Without JavaScript too.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Client } from 'basic-ftp';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { openFtp, withRoom } from '../ftp/customer.ts';
import { giveTo } from '../ftp/server.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { type FtpServer, startFtpServer } from '../support/proftpd.ts';

let panel: TestPanel;
let server: FtpServer;
let browser: Browser;

beforeAll(async () => {
  if (browserMissing) return;
  panel = await startPanel({ limitsScale: 1000 });
  const sitesFolder = join(panel.folder, 'sites');
  await mkdir(sitesFolder, { recursive: true });
  server = await startFtpServer({ answer: panel.panel.doors.ftp.answer, sitesFolder });
  await openFtp(panel, server);
  await withRoom(panel);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await panel?.close();
});

describe.skipIf(browserMissing)('an FTP account', () => {
  test.each([
    ['ko', true],
    ['en', false],
  ] as const)('is made, used and removed (%s, JavaScript: %s)', async (language, javaScript) => {
    const t = (key: string) => String(catalogues[language][key]);
    const { origin } = panel;
    const email = `ftp-${language}@example.com`;
    const site = await new Visitor(panel, language).arrive(email);
    await giveTo(panel, site);
    const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
    const { page, context } = await newVisit(browser, { javaScript, locale: language, origin });
    await page.goto(at('/login'));
    await page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();

    await page.getByRole('link', { name: 'FTP', exact: true }).first().click();
    await page.waitForURL(at(`/sites/${site}/ftp`));
    await page.getByRole('link', { name: t('ftp.make.action') }).click();
    await page.getByRole('button', { name: t('ftp.make.submit') }).click();
    await page.waitForURL(at(`/sites/${site}/ftp/password`));
    await page.locator('h1:focus').waitFor();
    const drawn = await page.locator('output code').innerText();
    await page.getByRole('link', { name: t('ftp.password.shown.done') }).click();
    expect(await page.locator('main').innerText()).toContain(t('ftp.used.never'));

    const { host, port, certificate: ca } = server;
    const client = new Client(10_000);
    const access = { host, port, user: site, password: drawn, secure: true, secureOptions: { ca, host: 'localhost' } };
    await client.access(access);
    await client.uploadFrom(Readable.from(['<p>by FTP']), 'www/by-ftp.html');
    client.close();
    expect(await readFile(join(panel.folder, 'sites', site, 'www/by-ftp.html'), 'utf8')).toBe('<p>by FTP');
    await page.reload();
    expect(await page.locator('#accounts ~ .table-room tbody tr').innerText()).toContain('127.0.0.1');
    expect(await page.locator('#logins ~ .table-room tbody tr').innerText()).toContain(t('ftp.login.in'));

    await page.locator('a[href$="/end"]').click();
    await page.getByRole('button', { name: t('ftp.end.submit') }).click();
    await page.waitForURL(at(`/sites/${site}/ftp`));
    await expect(client.access(access)).rejects.toMatchObject({ code: 530 });
    client.close();
    await context.close();
  });
});
