// What there is to look at from the contract to its end: documents that change, agreeing, receipts, orders, closing, undoing, the certificate.
import type { Page } from 'playwright-core';
import { day } from '../../../src/platform/clock.ts';
import { publishNext } from '../../consent/publish.ts';
import { closeAccount, customerIdOf, eraseAccount } from '../../termination/leavers.ts';
import { password, Visitor } from '../panel.ts';
import type { Shot } from './shots.ts';
import type { World } from './world.ts';

type Address = (path: string) => string;

/** The first look of a shot: what is done for it is done once. */
const isFirst = (page: Page) => page.url() === 'about:blank';

/** Somebody who is only in this picture. */
async function arrive(page: Page, world: World, name: string): Promise<string> {
  const email = `${name}@example.com`;
  await new Visitor(world).arrive(email, { plan: 'tree' });
  await page.goto(`${world.origin}/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('form[action^="/login"] .button-primary').click();
  await page.waitForURL(/dashboard/);
  return email;
}

/** Their order is paid until two weeks from now. */
async function pay({ panel, clock }: World, email: string): Promise<void> {
  const { connection, orders } = panel.doors;
  const [order] = await orders.forCustomer(await customerIdOf({ panel } as World, email));
  const paid = { from: clock.now() - 16 * day, until: clock.now() + 14 * day, won: 16_500 };
  await connection.write((tx) => orders.setPaid(tx, order?.id ?? '', paid, { kind: 'operator' }));
}

/** A version of the terms to come, with a sentence more; once. */
async function publish({ panel }: World): Promise<string> {
  const [newest = ''] = panel.doors.consent.versions('terms');
  return newest > panel.doors.consent.library.today()
    ? newest
    : publishNext(panel.doors, 'terms', { isUnfavourable: true, days: 30 });
}

const pageOf = (name: string, path: string): Shot => ({ name, who: 'quiet', open: (page, at) => page.goto(at(path)) });

const block = (name: string): Shot => ({
  name: `block-${name}`,
  open: (page, at, { origin }) => page.goto(`${origin}/blocks/${name}?lang=${at('/').endsWith('/en/') ? 'en' : 'ko'}&plan=tree`),
});

const closingShots: readonly Shot[] = [
  pageOf('close', '/account/close'),
  {
    name: 'close-refused',
    who: 'quiet',
    open: async (page, at) => {
      await page.goto(at('/account/close'));
      await page.locator('main .button-final').click();
    },
  },
  {
    name: 'close-choice',
    open: async (page, at, world) => {
      if (isFirst(page)) await pay(world, await arrive(page, world, 'dohyun.lim'));
      await page.goto(at('/account/close'));
    },
  },
  {
    name: 'close-asked',
    open: async (page, at, world) => {
      if (isFirst(page)) {
        const email = await arrive(page, world, 'yuna.seo');
        await pay(world, email);
        await world.panel.doors.termination.wishes.ask(await customerIdOf(world, email), '', { kind: 'operator' });
      }
      await page.goto(at('/account/close'));
    },
  },
  {
    name: 'closed',
    open: async (page, at, world) => {
      if (isFirst(page)) {
        await arrive(page, world, 'gaeun.noh');
        await page.goto(at('/account/close'));
        await page.locator('#confirm').check();
        await page.locator('main .button-final').click();
      }
      await page.goto(at('/account/closed'));
    },
  },
  {
    name: 'undo-closing',
    open: async (page, at, world) => {
      const email = 'siwoo.ha@example.com';
      if (isFirst(page)) {
        await new Visitor(world).arrive(email, { plan: 'tree' });
        await closeAccount(world, email);
      }
      await page.goto(at(await new Visitor(world).linkFor(email, '/account/reopen/')));
    },
  },
];

/** Of a page that was made for the first look: its path is the same in the others, but for the language. */
const again = (page: Page, at: Address) => page.goto(at(new URL(page.url()).pathname.replace(/^\/en(?=\/)/, '')));

/** The last pictures: what is published, ordered and erased for them is seen on every page after. */
export const contractShots: readonly Shot[] = [
  pageOf('orders', '/account/orders'),
  pageOf('order-new', '/account/orders/new'),
  {
    name: 'receipt',
    who: 'quiet',
    open: async (page, at) => {
      await page.goto(at('/account/consents'));
      await page.locator('section[aria-labelledby="history"] .links-row a').nth(1).click();
      await page.waitForURL(/consents\/./);
    },
  },
  ...['backup-notice', 'sla', 'officers', 'backup-location'].map(block),
  ...closingShots,
  {
    name: 'agree-first',
    open: async (page, at, world) => {
      if (isFirst(page)) {
        const email = await arrive(page, world, 'jian.moon');
        await world.panel.doors.contracts.placeFor(await customerIdOf(world, email), { plan: 'forest', reason: 'by telephone' });
      }
      await page.goto(at('/agree'));
    },
  },
  {
    name: 'agree-again',
    who: 'quiet',
    open: async (page, at, world) => {
      await publish(world);
      await page.goto(at('/agree'));
    },
  },
  {
    name: 'dashboard-before-change',
    who: 'quiet',
    open: async (page, at, world) => {
      await publish(world);
      await page.goto(at('/dashboard'));
    },
  },
  {
    name: 'version-coming',
    open: async (page, at, world) => page.goto(at(`/documents/terms/${await publish(world)}`)),
  },
  {
    name: 'version-changes',
    open: async (page, at, world) => page.goto(at(`/documents/terms/${await publish(world)}/changes`)),
  },
  {
    name: 'certificate',
    open: async (page, at, world) => {
      if (!isFirst(page)) return again(page, at);
      await new Visitor(world).arrive('eunwoo.ryu@example.com', { plan: 'tree' });
      return page.goto(at(await eraseAccount(world, 'eunwoo.ryu@example.com')));
    },
  },
];
