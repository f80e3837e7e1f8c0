// A customer in a real browser from the sign-up to the erasure, in steps: what is read, ticked and pressed, and what follows.
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { day } from '../../src/platform/clock.ts';
import { type Language, type Words, wordsIn } from '../../src/platform/web/words.ts';
import { password, type TestPanel, Visitor } from '../support/panel.ts';
import { customerIdOf, rounds } from '../termination/leavers.ts';

const required = ['age_14', 'agree_terms', 'agree_backup', 'agree_sla'];
const optional = ['marketing_use', 'ads_email', 'ads_sms', 'ads_night'];
/** Of a page: whether part of it can only be seen by scrolling sideways. */
const widerThanWindow = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';

export class ContractVisit {
  readonly page: Page;
  readonly email: string;
  readonly #house: TestPanel;
  readonly #words: Words;

  constructor(house: TestPanel, page: Page, { language, email }: { language: Language; email: string }) {
    this.page = page;
    this.#house = house;
    this.#words = wordsIn(language, { catalogues, zone: 'Asia/Seoul', now: () => house.clock.now() });
    this.email = email;
  }

  t(key: string, parameters?: Parameters<Words['t']>[1]): string {
    return this.#words.t(key, parameters);
  }

  at(path: string): string {
    return `${this.#house.origin}${this.#words.language === 'en' ? '/en' : ''}${path}`;
  }

  async goTo(path: string): Promise<void> {
    await this.page.goto(this.at(path));
  }

  /** Where the window is now, and that nothing of the page lies beside it. */
  async isAt(path: string): Promise<void> {
    await this.page.waitForURL(this.at(path));
    expect([path, await this.page.evaluate(widerThanWindow)]).toEqual([path, false]);
  }

  link(key: string, within: Locator = this.page.locator('body')): Locator {
    return within.getByRole('link', { name: this.t(key), exact: true });
  }

  /** By the keyboard alone, as every step of this visit where something is decided. */
  async press(key: string): Promise<void> {
    await this.page.getByRole('button', { name: this.t(key), exact: true }).press('Enter');
  }

  async tick(...names: string[]): Promise<void> {
    for (const name of names) {
      await this.page.locator(`#${name}`).press('Space');
      expect([name, await this.page.locator(`#${name}`).isChecked()]).toEqual([name, true]);
    }
  }

  main(): Promise<string> {
    return this.page.locator('main').innerText();
  }

  /** What was decided, as the page of consents tells it: a text for each, newest first. */
  async consents(): Promise<string[]> {
    await this.goTo('/account/consents');
    return this.page.locator('section[aria-labelledby="history"] tbody tr').allInnerTexts();
  }

  /** Reads a document where it stands, forgets a box, is told, ticks it, and comes in by the letter. */
  async signUp(): Promise<void> {
    const { page } = this;
    await this.goTo('/signup?plan=seed');
    for (const name of [...required, ...optional]) expect(await page.locator(`#${name}`).isChecked()).toBe(false);
    const text = page.locator('details').nth(1);
    await text.locator('summary').press('Enter');
    expect((await text.locator('.document').innerText()).length).toBeGreaterThan(500);
    await this.tick('age_14', 'agree_terms', 'agree_sla');
    await page.locator('#email').fill(this.email);
    await page.locator('#password').fill(password);
    await this.press('signup.submit');
    const missing = page.getByRole('alert').getByRole('link', { name: this.t('consent.missing.agree_backup') });
    await missing.press('Enter');
    expect(await page.locator('#agree_backup').evaluate((box) => box === box.ownerDocument.activeElement)).toBe(true);
    await this.tick('agree_backup');
    await page.locator('#password').fill(password);
    await this.press('signup.submit');
    await this.isAt('/signup/sent');
    await this.goTo(await new Visitor(this.#house).linkFor(this.email, '/verify/'));
    await this.press('verify.submit');
    await this.isAt('/dashboard');
    await this.#house.work();
  }

  async orderAnother(): Promise<void> {
    await this.goTo('/dashboard');
    await this.link('shell.account', this.page.locator('header')).click();
    await this.link('people.links.orders').click();
    await this.isAt('/account/orders');
    await this.link('contracts.order.action').click();
    await this.isAt('/account/orders/new');
    await this.page.locator('input[name="plan"][value="tree"]').check();
    await this.press('contracts.order.submit');
    expect(await this.page.getByRole('alert').getByRole('link').count()).toBe(required.length);
    await this.tick(...required);
    await this.press('contracts.order.submit');
    await this.isAt('/account/orders');
    expect(await this.page.locator('tbody tr').count()).toBe(2);
    await this.#house.work();
  }

  /** Sees what changes before the text, puts it off, looks at leaving, and agrees. */
  async agreeAgain(added: string): Promise<void> {
    const { page } = this;
    await this.goTo('/dashboard');
    await this.link('agreement.strip.link').click();
    await this.isAt('/agree');
    const change = await page.locator('ins', { hasText: added }).first().boundingBox();
    const text = await page.locator('details').first().boundingBox();
    expect(change?.y).toBeLessThan(text?.y ?? 0);
    await this.link('agreement.again.later').press('Enter');
    await this.isAt('/dashboard');
    expect(await this.link('agreement.strip.link').count()).toBe(1);
    await this.link('agreement.strip.link').click();
    const [agree, leave] = await page.locator('.form-end .actions .button').all();
    const looks = await Promise.all([agree, leave].map((one) => one?.evaluate(look)));
    expect(looks[0]).toEqual(looks[1]);
    await this.link('agreement.again.close').press('Enter');
    await this.isAt('/account/close');
    await page.goBack();
    this.#house.clock.advance(1000);
    await this.tick('agree_terms');
    await this.press('agreement.again.submit');
    await this.isAt('/dashboard');
    expect(await this.link('agreement.strip.link').count()).toBe(0);
  }

  /** One press gives it, one takes it back. */
  async giveAndWithdraw(item: string): Promise<void> {
    await this.goTo('/account/consents');
    const row = this.page.getByRole('row').filter({ has: this.page.locator(`input[name="item"][value="${item}"]`) });
    for (const [act, said] of [
      ['give', 'given'],
      ['withdraw', 'taken'],
    ] as const) {
      this.#house.clock.advance(1000);
      const button = row.getByRole('button');
      expect(await button.innerText()).toContain(this.t(`receipts.optional.${act}`));
      await button.press('Enter');
      await this.page.getByRole('status').waitFor();
      expect(await this.page.getByRole('status').innerText()).toContain(this.t(`receipts.optional.${said}`));
    }
  }

  /** Two links from the dashboard, the dated list, what to take along, and out. @returns the number of the closure */
  async close(): Promise<string> {
    const { page } = this;
    await this.goTo('/dashboard');
    await this.link('shell.account', page.locator('header')).click();
    await this.link('people.links.close').click();
    await this.isAt('/account/close');
    const eraseAt = this.#words.time(this.#house.clock.now() + 14 * day);
    expect(await page.getByRole('rowheader', { name: eraseAt, exact: true }).count()).toBe(1);
    const copy = page.locator('section[aria-labelledby="first"] a[href$="/download"]').first();
    const [download] = await Promise.all([page.waitForEvent('download'), copy.click()]);
    expect(download.suggestedFilename()).toMatch(/\.zip$/);
    if ((await page.locator('#when').count()) > 0) await this.tick('when');
    await this.press('termination.submit');
    await this.isAt('/account/close');
    expect(await page.getByRole('alert').innerText()).toContain(this.t('termination.confirm.missing'));
    await this.tick('confirm');
    await this.press('termination.submit');
    await this.isAt('/account/closed');
    expect(await this.main()).toContain(eraseAt);
    const number = (await page.locator('dd.hash').innerText()).trim();
    await this.goTo('/dashboard');
    expect(new URL(page.url()).pathname).toBe(new URL(this.at('/login')).pathname);
    return number;
  }

  /** The company's billing says until when everything is paid; the customer chooses that moment, sees its dates, and takes it back. */
  async closeLaterAndStay(): Promise<void> {
    const { page } = this;
    const { orders, connection, clock } = this.#house.panel.doors;
    const until = clock.now() + 20 * day;
    for (const { id } of await orders.forCustomer(await customerIdOf(this.#house, this.email))) {
      const paid = { from: until - 30 * day, until, won: 30_000 };
      await connection.write((tx) => orders.setPaid(tx, id, paid, { kind: 'operator' }));
    }
    await this.goTo('/account/close');
    for (const closeAt of [clock.now(), until])
      expect(await page.getByRole('rowheader', { name: this.#words.time(closeAt + 14 * day), exact: true }).count()).toBe(1);
    expect(await page.locator('section[aria-labelledby="money"]').innerText()).toContain(this.#words.won(20_000));
    expect(await page.locator('input[name="when"]:checked').count()).toBe(0);
    await this.tick('confirm');
    await this.press('termination.submit');
    await this.isAt('/account/close');
    expect(await page.getByRole('alert').innerText()).toContain(this.t('termination.choice.missing'));
    await this.tick('when-2');
    await this.press('termination.submit');
    await this.isAt('/account/close');
    expect(await this.main()).toContain(this.t('termination.asked.heading', { at: this.#words.time(until) }));
    await this.press('termination.withdrawal.submit');
    await this.isAt('/account/close');
    expect(await this.main()).toContain(this.t('termination.withdrawal.done'));
  }

  async signIn(): Promise<void> {
    await this.goTo('/login');
    await this.page.locator('#email').fill(this.email);
    await this.page.locator('#password').fill(password);
    await this.press('login.submit');
  }

  async undo(): Promise<void> {
    await this.goTo(await new Visitor(this.#house).linkFor(this.email, '/account/reopen/'));
    await this.press('termination.reopen.submit');
    await this.isAt('/login');
    expect(await this.main()).toContain(this.t('termination.reopen.done'));
    await this.#house.work();
    await this.signIn();
    await this.isAt('/dashboard');
  }

  /** @param number of the closure that the certificate is of */
  async isErased(number: string): Promise<void> {
    this.#house.clock.advance(14 * day);
    await rounds(this.#house, 1);
    const certificate = await new Visitor(this.#house).linkFor(this.email, '/certificates/');
    await rounds(this.#house);
    await this.signIn();
    expect(await this.main()).toContain(this.t('login.failed'));
    await this.goTo(certificate);
    await this.isAt(certificate);
    expect(await this.main()).toContain(number);
    const sites = this.page.getByRole('row').filter({ hasText: this.t('termination.certificate.what.sites') });
    expect((await sites.getByRole('cell').innerText()).trim()).toBe('2');
  }
}

/** What makes a button stand out from another, but for the width of its words; of the page, whose types tests do not know. */
const look = `(button) => {
  const { backgroundColor, color, fontSize, fontWeight, borderTopColor, height } = getComputedStyle(button);
  return { backgroundColor, color, fontSize, fontWeight, borderTopColor, height };
}`;
