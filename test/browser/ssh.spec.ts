// Asking for SSH in a real browser, coming in with OpenSSH's own client, and ending the access. Without JavaScript too.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { type SshHouse, startSshHouse } from '../ssh/house.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, Visitor } from '../support/panel.ts';

let house: SshHouse;
let browser: Browser;

beforeAll(async () => {
  if (browserMissing) return;
  house = await startSshHouse();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

describe.skipIf(browserMissing)('SSH', () => {
  test.each([
    ['ko', true],
    ['en', false],
  ] as const)('is asked for, opened, used and ended (%s, JavaScript: %s)', async (language, javaScript) => {
    const t = (key: string) => String(catalogues[language][key]);
    const { origin, panel, ssh } = house;
    const email = `owner-${language}@example.com`;
    const site = await new Visitor(house, language).arrive(email);
    await house.moveIn(site);
    const as = { user: ssh.userOf(site) };
    const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
    const { page, context, complaints } = await newVisit(browser, { javaScript, locale: language, origin });
    await page.goto(at('/login'));
    await page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();

    // From the site's card on the dashboard.
    await page.getByRole('link', { name: t('ssh.linkText') }).click();
    await page.waitForURL(at(`/sites/${site}/ssh`));
    await page.getByRole('button', { name: t('ssh.ask.submit') }).click();
    expect(await page.getByRole('alert').innerText()).toContain(t('ssh.fault.agree'));
    const key = await ssh.newKey();
    await page.getByLabel(t('ssh.key.label'), { exact: true }).fill(key.line);
    await page.getByLabel(t('ssh.networks.present').replace('{address}', '127.0.0.1')).check();
    await page.locator('#agree_ssh').check();
    await page.getByRole('button', { name: t('ssh.ask.submit') }).click();
    expect(await page.locator('main').innerText()).toContain(t('ssh.waiting.heading'));
    expect((await ssh.run(key, 'true', as)).code).toBe(255);

    const { grants } = panel.doors.ssh;
    for (const { request, site: of } of await grants.list()) if (of === site) await grants.approve(request.id);
    await house.work();
    await page.reload();
    const shown = await page.locator('main').innerText();
    for (const part of [t('ssh.open.heading'), `ssh -p ${ssh.port} ${as.user}@127.0.0.1`]) expect(shown).toContain(part);
    expect((await ssh.run(key, 'true', as)).code).toBe(0);

    await page.getByRole('link', { name: t('ssh.end.action') }).click();
    await page.getByRole('button', { name: t('ssh.end.submit') }).click();
    await page.waitForURL(at(`/sites/${site}/ssh`));
    expect(await page.locator('main').innerText()).toContain(t('ssh.over.ended'));
    await house.work();
    expect((await ssh.run(key, 'true', as)).code).toBe(255);
    // Chromium itself writes refusals on the console.
    expect(complaints.filter((one) => !/status of 422/.test(one))).toEqual([]);
    await context.close();
  });
});
