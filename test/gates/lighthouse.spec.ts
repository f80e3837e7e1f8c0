// Lighthouse on every page that an address leads to: accessibility, best practices and, where a search engine may come, SEO, each 100.
import lighthouse, { defaultConfig, type Flags } from 'lighthouse';
import { pageFunctions } from 'lighthouse/core/lib/page-functions.js';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Language } from '../../src/platform/web/words.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/embedding/installed.ts';
import { isWhole } from './looks.ts';
import { type Page, pages } from './pages.ts';
import { cookiesOf } from './seats.ts';
import { addressOf } from './visit.ts';
import { type Names, openWorlds, type Worlds } from './worlds.ts';

let worlds: Worlds;
let browser: Browser;
let port: number;

/** Lighthouse times the machine before each page, a second of work, to warn of slow ones: speed is not judged here. A figure of a fast machine. */
const aFastMachine = () => 2000;

beforeAll(async () => {
  if (browserMissing) return;
  Object.assign(pageFunctions, { computeBenchmarkIndex: aFastMachine });
  worlds = await openWorlds();
  port = await freePort();
  browser = await launchBrowser([`--remote-debugging-port=${port}`]);
});
afterAll(async () => {
  await browser?.close();
  await worlds?.close();
});

/** What an answer with an error cannot pass: Chromium writes its status to the console, and a search engine is told to go away. */
const notForErrors = ['errors-in-console', 'http-status-code'];

/** What has no weight in its category changes no score; `baseline` alone would want a trace of the browser, whose end takes five seconds a page. */
const notCounted = Object.values(defaultConfig.categories ?? {}).flatMap(({ auditRefs }) =>
  auditRefs.filter(({ weight }) => weight === 0).map(({ id }) => id),
);

/** The picture against machines has as many dots as it was hardened with; more would be made up, and tell people nothing. */
const notForCaptcha = ['image-size-responsive'];

const anything: object = new Proxy(() => 'x', { get: (_target, name) => (name === Symbol.toPrimitive ? () => 'x' : anything) });
/** Where a search engine may come: no page of a mailed link (its path holds a secret of the world), and not the developers' own. */
const isPublic = ({ who, status = 200, path }: Page) =>
  who === 'guest' && status === 200 && !/^x|\/x(\/|$)|^\/(login\/link\/|password\/reset\/|style)/.test(path(anything as Names));

/** Pages of one kind have one view: for CI the first of each is enough, the whole list is `npm run gates`. */
function kindOf({ path, status = 200 }: Page): string {
  if (status >= 400) return String(status);
  const [plain = '', query = ''] = path(anything as Names).split('?');
  const act = /do=\w+/.exec(query)?.[0] ?? '';
  return `${plain.replace(/^\/(documents|plans)\/.+/, '/$1/').replace(/\/files\/(?!results).*/, '/files')} ${act}`;
}
// What is reached by sending a form has no address of its own; axe looks at those (pages.spec.ts).
const reachable = pages.filter(({ sent }) => !sent);
const kinds = reachable.map(kindOf);
const looked = reachable.filter((_page, at) => isWhole || kinds.indexOf(kinds[at] ?? '') === at);
const visits = looked.flatMap((page, at) => {
  const languages: readonly Language[] = isWhole ? ['ko', 'en'] : [at % 2 === 0 ? 'ko' : 'en'];
  return languages.map((language) => ({ page, language, name: page.name }));
});

async function flagsFor(page: Page): Promise<Flags> {
  const cookies = cookiesOf(await worlds.enter(page.who));
  const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const { status = 200 } = page;
  return {
    port,
    logLevel: 'error',
    output: 'json',
    onlyCategories: ['accessibility', 'best-practices', ...(isPublic(page) ? ['seo'] : [])],
    skipAudits: [...notCounted, ...(status >= 400 ? notForErrors : []), ...(page.who === 'suspect' ? notForCaptcha : [])],
    ignoreStatusCode: true,
    // Nothing is slowed down while it loads; the waits below count only so, and speed is not judged here.
    throttlingMethod: 'simulate',
    // Pages come whole from the server: nothing is worth waiting for after they are loaded.
    pauseAfterFcpMs: 0,
    pauseAfterLoadMs: 0,
    networkQuietThresholdMs: 0,
    cpuQuietThresholdMs: 0,
    disableFullPageScreenshot: true,
    disableStorageReset: true,
    ...(Cookie && { extraHeaders: { Cookie } }),
  };
}

describe.skipIf(browserMissing)('Lighthouse gives 100 in each category to', () => {
  test.each(visits)('$name, language $language', async ({ page, language }) => {
    const address = `${worlds.house.origin}${addressOf(language, page.path(worlds.names))}`;
    const result = await lighthouse(address, await flagsFor(page));
    if (!result || result.lhr.runtimeError) throw new Error(`Lighthouse broke down: ${result?.lhr.runtimeError?.message}`);
    const { categories, audits } = result.lhr;
    const lost = Object.values(categories).flatMap(({ id, score, auditRefs }) => {
      const failed = auditRefs.filter((ref) => ref.weight > 0 && (audits[ref.id]?.score ?? 1) < 1);
      return score === 1 ? [] : [`${id} ${score}: ${failed.map((ref) => `${ref.id} (${audits[ref.id]?.title})`).join(', ')}`];
    });
    expect(lost, lost.join('\n')).toEqual([]);
    expect(Object.keys(categories).length).toBe(isPublic(page) ? 3 : 2);
  });
});
