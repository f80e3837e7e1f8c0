// Passkeys and codes in a real browser, with Chromium's virtual authenticator in the place of a finger.
import { Secret, TOTP } from 'otpauth';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let browser: Browser;

beforeAll(async () => {
  // An authenticator takes a name for its site, never an address in digits.
  panel = await startPanel({}, 'localhost');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.close();
});

/** A device with a finger that fits. */
async function withAuthenticator(page: Page, isVerified = true) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true } as const;
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...options, isUserVerified: isVerified, automaticPresenceSimulation: true },
  });
}

describe.skipIf(browserMissing)('a passkey', () => {
  test.each(['ko', 'en'] as const)('is made once and then signs in alone (%s)', async (language) => {
    const t = (key: string) => String(catalogues[language][key]);
    const origin = panel.origin;
    const email = `passkey-${language}@example.com`;
    await new Visitor(panel, language).arrive(email);
    const { context, page, complaints } = await newVisit(browser, { javaScript: true, locale: language, origin });
    await withAuthenticator(page);
    const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
    await page.goto(at('/login'));
    await page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    await page.waitForURL(at('/dashboard'));

    await page.goto(at('/account/security'));
    await page.getByLabel(t('passkeys.nameLabel')).fill('지문');
    await page.getByRole('button', { name: t('passkeys.make') }).click();
    await page.waitForURL(at('/account/security/recovery-codes'));
    expect(await page.locator('.codes li').count()).toBe(10);
    await page.goto(at('/account/security'));
    expect(await page.getByRole('rowheader', { name: '지문' }).count()).toBe(1);

    await page.getByRole('button', { name: t('logout.submit'), exact: true }).click();
    await page.waitForURL(at('/login'));
    await page.getByRole('button', { name: t('passkeys.enter') }).click();
    await page.waitForURL(at('/dashboard'));

    // With the password alone nobody is in any more; the passkey is the second step as well.
    await page.getByRole('button', { name: t('logout.submit'), exact: true }).click();
    await page.waitForURL(at('/login'));
    await page.getByLabel(t('login.email'), { exact: true }).fill(email);
    await page.getByLabel(t('login.password'), { exact: true }).fill(password);
    await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    await page.waitForURL(/second-factor/);
    await page.getByRole('button', { name: t('passkeys.enter') }).click();
    await page.waitForURL(at('/dashboard'));
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('of a device that could not tell whose finger it was is refused, and the page says what to do', async () => {
    const email = 'no-finger@example.com';
    const { origin } = panel;
    await new Visitor(panel).arrive(email);
    const { context, page } = await newVisit(browser, { javaScript: true, locale: 'ko', origin });
    await withAuthenticator(page, false);
    await page.goto(`${origin}/login`);
    await page.getByRole('button', { name: String(catalogues.ko['passkeys.enter']) }).click();
    await page.getByRole('status').filter({ hasText: '패스키를 쓰지 못했습니다' }).waitFor();
    await context.close();
  });
});

describe.skipIf(browserMissing)('an authenticator app', () => {
  test.each([
    ['ko', true],
    ['en', false],
  ] as const)('is set up and asked for (%s, JavaScript: %s)', async (language, javaScript) => {
    const t = (key: string) => String(catalogues[language][key]);
    const { origin, clock } = panel;
    const email = `app-${language}@example.com`;
    await new Visitor(panel, language).arrive(email);
    const { context, page, complaints } = await newVisit(browser, { javaScript, locale: language, origin });
    const at = (path: string) => `${origin}${language === 'en' ? '/en' : ''}${path}`;
    const signIn = async () => {
      await page.goto(at('/login'));
      await page.getByLabel(t('login.email'), { exact: true }).fill(email);
      await page.getByLabel(t('login.password'), { exact: true }).fill(password);
      await page.getByRole('button', { name: t('login.submit'), exact: true }).click();
    };
    await signIn();
    await page.goto(at('/account/security'));
    await page.getByRole('link', { name: t('factors.add') }).click();
    const key = ((await page.locator('code.hash').textContent()) ?? '').replaceAll(' ', '');
    const code = () => new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: clock.now() });
    await page.getByLabel(t('factors.app.code'), { exact: true }).fill(code());
    await page.getByRole('button', { name: t('factors.app.submit') }).click();
    const recovery = (await page.locator('.codes code').first().textContent()) ?? '';
    await page.getByRole('button', { name: t('logout.submit'), exact: true }).click();

    clock.advance(30_000);
    await signIn();
    await page.getByLabel(t('factors.step.code'), { exact: true }).fill(code());
    await page.getByRole('button', { name: t('factors.step.submit'), exact: true }).click();
    await page.waitForURL(at('/dashboard'));
    await page.getByRole('button', { name: t('logout.submit'), exact: true }).click();
    await signIn();
    await page.getByLabel(t('factors.step.recovery'), { exact: true }).fill(recovery);
    await page.getByRole('button', { name: t('factors.step.recoverySubmit') }).click();
    await page.waitForURL(at('/dashboard'));
    expect(complaints).toEqual([]);
    await context.close();
  });
});
