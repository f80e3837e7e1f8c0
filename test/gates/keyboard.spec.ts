// Every journey with the keyboard alone, once with and once without JavaScript: the mouse is never touched.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { pictureCaptcha } from '../../src/platform/captcha/picture.ts';
import { minute } from '../../src/platform/clock.ts';
import { type Language, wordsIn } from '../../src/platform/web/words.ts';
import { browserMissing, launchBrowser, newVisit } from '../support/browser.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { hasFocus, Keyboard } from './keyboard.ts';
import { inPage } from './seats.ts';
import { addressOf } from './visit.ts';

let house: TestPanel;
let browser: Browser;
let folder: string;
/** what the pictures show: the panel's own pictures, with their answers kept, as nobody reads them in a test */
const answers: string[] = [];

beforeAll(async () => {
  if (browserMissing) return;
  const real = pictureCaptcha();
  const draw = async () => {
    const challenge = await real.draw();
    answers.push(challenge.answer);
    return challenge;
  };
  house = await startPanel({ limitsScale: 1000, captcha: { draw, normalise: (typed) => real.normalise(typed) } });
  folder = await mkdtemp(join(tmpdir(), 'gotgan-keyboard-'));
  await mkdir(join(folder, '여름 사진/제주도'), { recursive: true });
  await writeFile(join(folder, '메모.txt'), '내일 할 일\n');
  await writeFile(join(folder, 'shell.php'), '<?php system($_GET["c"]);');
  await writeFile(join(folder, '여름 사진/제주도/일기.txt'), '바다\n');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

type Person = Awaited<ReturnType<typeof newPerson>>;

async function newPerson(language: Language, javaScript: boolean) {
  const { origin } = house;
  const { context, page: tab, complaints } = await newVisit(browser, { javaScript, locale: language, origin });
  for (const path of inPage) await context.addInitScript({ path });
  const { t } = wordsIn(language, { catalogues, zone: 'Asia/Seoul', now: () => house.clock.now() });
  const email = `keyboard-${language}-${javaScript}@example.com`;
  const keyboard = new Keyboard(tab);
  const button = (key: string, parameters?: Record<string, string | number>) =>
    tab.getByRole('button', { name: t(key, parameters), exact: true });
  const field = (name: string, form = 'form') => tab.locator(`main ${form} [name="${name}"]`).first();
  const go = (path: string) => tab.goto(`${origin}${addressOf(language, path)}`);
  const at = (path: string) => expect(new URL(tab.url()).pathname).toBe(addressOf(language, path));
  const letter = async (path: string) =>
    tab.goto(`${origin}${addressOf(language, await new Visitor(house).linkFor(email, path))}`);
  const follow = (key: string) => keyboard.follow(button(key));
  return { context, tab, complaints, t, email, keyboard, button, field, go, at, letter, follow, language };
}

async function signUp({ go, at, keyboard, tab, t, email, field, follow, letter }: Person): Promise<void> {
  await go('/');
  await keyboard.follow(tab.getByRole('link', { name: t('shell.signUp'), exact: true }).first());
  at('/signup');
  await keyboard.tick(tab.locator('input[name=plan]').first());
  for (const name of ['age_14', 'agree_terms', 'agree_backup', 'agree_sla']) await keyboard.tick(field(name));
  await keyboard.type(field('email'), email);
  await keyboard.type(field('password'), password);
  await follow('signup.submit');
  at('/signup/sent');
  await letter('/verify/');
  await follow('verify.submit');
  at('/dashboard');
  await house.work();
}

async function logOut({ follow, at }: Person): Promise<void> {
  await follow('shell.logout');
  at('/login');
}

async function logIn({ go, at, keyboard, field, email, follow }: Person): Promise<void> {
  await go('/login');
  await keyboard.type(field('email'), email);
  await keyboard.type(field('password'), password);
  await follow('login.submit');
  at('/dashboard');
}

async function logInByLink({ go, at, keyboard, tab, email, follow, letter }: Person): Promise<void> {
  await go('/login');
  await keyboard.type(tab.locator('#link-email'), email);
  await follow('login.linkSubmit');
  at('/login');
  await letter('/login/link/');
  await follow('login.submit');
  at('/dashboard');
}

/** Five wrong passwords, then the right one with what the picture shows; and by link instead, without any picture (WCAG 3.3.8). */
async function logInPastCaptcha(person: Person): Promise<void> {
  const { go, at, keyboard, field, email, follow, tab } = person;
  await go('/login');
  for (let tries = 0; tries < 5; tries += 1) {
    await keyboard.type(field('email'), email);
    await keyboard.type(field('password'), 'not-the-Right-1-one');
    await follow('login.submit');
  }
  expect(await tab.locator('main img').getAttribute('alt')).toBe(person.t('login.captchaAlt'));
  await logInByLink(person);
  await logOut(person);
  await go('/login');
  for (let tries = 0; tries < 5 && (await tab.locator('main img').count()) === 0; tries += 1) {
    await keyboard.type(field('email'), email);
    await keyboard.type(field('password'), 'not-the-Right-1-one');
    await follow('login.submit');
  }
  await tab.locator('main img').evaluate((image) => (image as unknown as { decode(): Promise<void> }).decode());
  await keyboard.type(field('email'), email);
  await keyboard.type(field('password'), password);
  await keyboard.type(field('captcha'), answers.at(-1) ?? '');
  await follow('login.submit');
  at('/dashboard');
}

async function upload({ go, keyboard, tab, t, follow }: Person, source: string, kind: 'files' | 'dir'): Promise<void> {
  await go('/files');
  await keyboard.choose(tab.locator(`#${kind}`), join(folder, source));
  await follow('files.upload');
  expect(tab.url()).toContain('/files/results/');
  expect(await tab.locator('main .lead[role=status]').count()).toBe(1);
  await keyboard.follow(tab.getByRole('link', { name: t('files.back'), exact: true }));
}

/** A new folder, a file moved into it, the folder deleted; each time the focus stands on what was done. */
async function tidy({ go, keyboard, tab, t, field, follow, button }: Person): Promise<void> {
  // The browser gives it with its next frame, which on a busy machine comes after the page.
  const stands = (selector: string) =>
    expect.poll(() => tab.locator(selector).evaluate(hasFocus), { timeout: 30_000 }).toBe(true);
  const rows = () => tab.locator('tbody th').allInnerTexts();
  await go('/files');
  await keyboard.type(tab.locator('#name'), '보관함');
  await follow('files.makeFolder');
  await stands('main [role=status]');
  await keyboard.tick(tab.locator('input[name=path][value="www/메모.txt"]'));
  await follow('files.moveSelected');
  await keyboard.type(field('to'), 'www/보관함');
  await follow('files.moveSubmit');
  expect((await rows()).map((text) => text.trim())).toEqual(['메모.txt']);
  await go('/files');
  await keyboard.tick(tab.locator('input[name=path][value="www/보관함"]'));
  await follow('files.deleteSelected');
  await keyboard.follow(button('files.deleteSubmit', { count: 1 }));
  await stands('main [role=status]');
  expect((await rows()).map((text) => text.trim())).toEqual(['여름 사진']);
  expect(await tab.locator('main').innerText()).toContain(t('files.removed', { count: 1 }));
}

/** Makes a backup, and downloads it when the sign-in is not fresh any more. */
async function backUp({ go, keyboard, tab, follow, field, at, button }: Person): Promise<void> {
  await go('/backups');
  await follow('backups.make.submit');
  await house.work();
  await tab.reload();
  house.clock.advance(11 * minute);
  await keyboard.follow(tab.locator('main a[href$="/download"]').first());
  at('/confirm');
  await keyboard.type(field('password'), password);
  await keyboard.reach(button('confirm.submit'));
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.keyboard.press('Enter')]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  expect(await download.failure()).toBeNull();
  await go('/backups');
  await keyboard.follow(tab.locator('main table a[href*="/backups/"]').first());
  expect(await tab.locator('main pre').count()).toBe(1);
}

const isRefusal = (complaint: string) => /server responded with a status of 422/.test(complaint);

describe.skipIf(browserMissing).each([
  ['ko', true],
  ['en', false],
] as const)('with the keyboard alone, language %s, JavaScript %s', (language, javaScript) => {
  test('a customer signs up, signs in in every way, keeps files, has a backup and goes', async () => {
    const person = await newPerson(language, javaScript);
    await signUp(person);
    await logOut(person);
    await logIn(person);
    await upload(person, '메모.txt', 'files');
    await upload(person, 'shell.php', 'files');
    await upload(person, '여름 사진', 'dir');
    await tidy(person);
    await backUp(person);
    await logOut(person);
    await person.context.clearCookies();
    await logInPastCaptcha(person);
    await logOut(person);
    expect(person.complaints.filter((one) => !isRefusal(one))).toEqual([]);
    await person.context.close();
  });
});
