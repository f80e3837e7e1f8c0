// Faults planted into pages on their way to the browser: each gate must see its own, else it guards nothing.
import type { Browser, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing } from '../support/browser.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { faultsOf, singleKeys } from './checks.ts';
import type { Look } from './looks.ts';
import { pages } from './pages.ts';
import { launchForPages, newSeat, type Seat } from './seats.ts';
import { open } from './visit.ts';
import type { Names } from './worlds.ts';

let house: TestPanel;
let browser: Browser;
let seat: Seat;

beforeAll(async () => {
  if (browserMissing) return;
  // A guest looks at the page to log in: that needs nobody else.
  house = await startPanel();
  browser = await launchForPages();
  seat = await newSeat(browser, { house, names: {} as Names, enter: async () => new Visitor(house) });
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

const look: Look = { language: 'ko', theme: 'light', width: 360, keys: true };
const page = pages.find(({ name }) => name === 'log in');
const isDocument = /\/login$/;
const isStyle = /panel.*\.css$/;

type Plant = {
  readonly what: string;
  readonly seen: RegExp;
  readonly at: RegExp;
  readonly change: (text: string) => string;
};
const inStyle = (what: string, seen: RegExp, rule: string): Plant => ({
  what,
  seen,
  at: isStyle,
  change: (text) => `${text}\n${rule}`,
});
const inPage = (what: string, seen: RegExp, from: string | RegExp, to: string): Plant => ({
  what,
  seen,
  at: isDocument,
  change: (text) => text.replace(from, to),
});

const plants: readonly Plant[] = [
  inStyle('a contrast that is too low', /axe color-contrast/, 'h1 { color: #b0bcbc }'),
  inStyle('a page wider than 320 px', /px too wide at 320 px/, 'main { min-inline-size: 400px }'),
  inStyle('text cut off when it grows', /cut off with text of 200 %/, 'h1 { block-size: 48px; overflow: hidden }'),
  inStyle('text in a size of its own', /does not grow/, 'main p { font-size: 17px !important }'),
  inStyle('a focus that cannot be seen', /no ring of 2 px/, ':focus-visible { outline: none !important }'),
  inStyle('a pale focus', /ring has a contrast of 1\./, ':focus-visible { outline-color: #d8e4e4 !important }'),
  inStyle('something above the focus', /is covered while it has the focus/, 'main { position: relative; z-index: -1 }'),
  inStyle('a low button', /lower than 44 px/, '.button { min-block-size: 20px !important; padding-block: 0 !important }'),
  inPage('an inline style', /Content Security Policy/, '<h1>', '<h1 style="color: inherit">'),
  inPage('an inline script', /Content Security Policy/, '</main>', '<script>document.title = 1</script></main>'),
  inPage(
    'a picture of another host',
    /Content Security Policy|another host/,
    '</main>',
    '<img src="http://127.0.0.2/x.png" alt=""></main>',
  ),
  inPage('a field without a label', /a field without a label/, /<label for="email">[^<]*<\/label>/, ''),
  inPage('a heading that skips', /skips from level 1 to 3/, '</h1>', '</h1><h3>x</h3>'),
  inPage('a second h1', /2 headings of the first level/, '</main>', '<h1>x</h1></main>'),
  inPage('two links of one name', /"x" leads to/, '</main>', '<a href="/plans">x</a> <a href="/officers">x</a></main>'),
  inPage('a title without the service', /does not end with the name/, /<title>[^<]*</, '<title>x<'),
  inPage('another language', /the page is in ko and says en/, '<html lang="ko"', '<html lang="en"'),
  inPage('a form that jumps about', /has an order of its own/, 'id="password"', 'id="password" tabindex="5"'),
  inPage(
    'too many bytes',
    /budget: document/,
    '</main>',
    `<!-- ${Array.from({ length: 4000 }, (_, at) => (at * 7919).toString(36)).join(' ')} --></main>`,
  ),
];

/** A stylesheet that was changed on its way would not be taken. */
const withoutDigests = (html: string) => html.replaceAll(/ integrity="[^"]*"/g, '');

async function changed(route: Route, change: (text: string) => string): Promise<void> {
  const response = await route.fetch();
  await route.fulfill({ response, body: change(await response.text()) });
}

describe.skipIf(browserMissing)('the gates see', () => {
  test.each(plants)('$what', async ({ seen, at, change }) => {
    if (!page) throw new Error('the page is not on the list');
    await seat.page.route(isDocument, (route) => changed(route, withoutDigests));
    await seat.page.route(at, (route) => changed(route, (text) => change(at === isDocument ? withoutDigests(text) : text)));
    const faults = await faultsOf(await open(page, look, seat)).finally(() => seat.page.unrouteAll());
    expect(
      faults.filter((fault) => seen.test(fault)),
      faults.join('\n'),
    ).not.toEqual([]);
  });

  test('a key that does something', async () => {
    if (!page) throw new Error('the page is not on the list');
    const visit = await open(page, look, seat);
    expect(await singleKeys(visit)).toEqual([]);
    // Running work tells of itself every few seconds, which no key has done.
    await visit.tab.evaluate(
      "const work = document.createElement('p'); work.dataset.job = ''; document.body.append(work); addEventListener('keyup', () => work.append('.'))",
    );
    expect(await singleKeys(visit)).toEqual([]);
    await visit.tab.evaluate("addEventListener('keydown', ({ key }) => { if (key === 's') location.hash = 'search'; })");
    expect(await singleKeys(visit)).toEqual(['a single key changed the page']);
  });
});
