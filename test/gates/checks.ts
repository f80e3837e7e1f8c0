// Every check of a page in the browser, each telling its faults in words; `faultsOf` runs them all over one visit.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page as Tab } from 'playwright-core';
import { catalogues } from '../../src/messages/catalogue.ts';
import { chosen } from '../../src/options.ts';
import { wordsIn } from '../../src/platform/web/words.ts';
import { secret } from '../support/panel.ts';
import { beyond, budgets } from './traffic.ts';
import type { Visit } from './visit.ts';

const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const { brand } = chosen({ publicUrl: 'http://127.0.0.1', secret });

/** What axe cannot decide and a person has: rule, elements, and why it is right. */
const undecided: readonly { rule: string; element: RegExp; why: string }[] = [];

/** What axe-core is asked: what is not broken is not wanted, and stylesheets are not fetched once more (rules that need that: `views.test.ts`). */
const asked = {
  runOnly: axeTags,
  resultTypes: ['violations', 'incomplete'],
  preload: false,
  rules: { 'css-orientation-lock': { enabled: false } },
};
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function axe(tab: Tab): Promise<string[]> {
  await tab.evaluate(axeSource);
  const { violations, incomplete } = await tab.evaluate<Pick<AxeResults, 'violations' | 'incomplete'>>(
    `axe.run(document, ${JSON.stringify(asked)}).then(({ violations, incomplete }) => ({ violations, incomplete }))`,
  );
  const open = incomplete.flatMap(({ id, nodes }) =>
    nodes
      .filter(({ html }) => !undecided.some(({ rule, element }) => rule === id && element.test(html)))
      .map(({ html, any }) => `axe cannot decide ${id}: ${html.slice(0, 140)} (${any[0]?.message ?? ''})`),
  );
  const broken = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `axe ${id}: ${html.slice(0, 140)} (${failureSummary?.split('\n')[1]?.trim() ?? ''})`),
  );
  return [...broken, ...open];
}

export async function markup({ tab, page, look }: Pick<Visit, 'tab' | 'page' | 'look'>): Promise<string[]> {
  const { t } = wordsIn(look.language, { catalogues, zone: 'Asia/Seoul', now: Date.now });
  const status = page.status ?? 200;
  const told = {
    language: look.language,
    prefix: t('error.prefix'),
    brand: brand.name,
    isError: status >= 400,
    isRefused: status === 422,
    newWindow: t('signup.newWindow'),
    support: t('shell.support'),
    // The style page shows one sample several times, each leading to its own part.
    hasSamples: page.name === 'the style page',
  };
  return tab.evaluate<string[]>(`gates.markup(${JSON.stringify(told)})`);
}

const [narrow, wide] = [360, 1280];

/** Widths and sizes of text (WCAG 1.4.4, 1.4.10, 1.4.12), and how high controls are (K6). Leaves the window as it was. */
export async function layout({ tab, look }: Pick<Visit, 'tab' | 'look'>): Promise<string[]> {
  const { height } = tab.viewportSize() ?? { height: 640 };
  const ask = (script: string) => tab.evaluate<string[]>(script);
  const at = async (width: number, scripts: readonly string[]) => {
    await tab.setViewportSize({ width, height });
    const faults: string[] = [];
    for (const script of scripts) faults.push(...(await ask(script)));
    return faults;
  };
  const enlarged = (width: number) => [
    `gates.enlarge(200), gates.sideways('with text of 200 % at ${width} px')`,
    `gates.clipped('with text of 200 % at ${width} px')`,
    'gates.enlarge(100), []',
  ];
  const spaced = [
    "gates.space(true), gates.clipped('with the spacing of WCAG 1.4.12')",
    "gates.sideways('with the spacing of WCAG 1.4.12')",
    'gates.space(false), []',
  ];
  const faults = [
    ...(await at(look.width, [`gates.sideways('at ${look.width} px')`, "gates.clipped('as it is')", 'gates.low()'])),
    ...(await at(wide, enlarged(wide))),
    ...(await at(narrow, [...enlarged(narrow), ...spaced, 'gates.unmoved()'])),
    ...(await at(320, ["gates.sideways('at 320 px')", 'gates.low()'])),
  ];
  await tab.setViewportSize({ width: look.width, height });
  return faults;
}

type Seen = { isOut: boolean; faults: string[] };
const moreThanAll = 5;

/** Tab from the top to the end and out: every stop in its order, each with a ring that can be seen (K2–K4). */
export async function tabs(tab: Tab): Promise<string[]> {
  const { count, faults } = await tab.evaluate<{ count: number; faults: string[] }>('gates.begin()');
  for (let presses = 0; ; presses += 1) {
    if (presses > count + moreThanAll) return [...faults, `the focus does not leave the page after ${presses} presses of Tab`];
    await tab.keyboard.press('Tab');
    const seen = await tab.evaluate<Seen>('gates.look()');
    faults.push(...seen.faults);
    if (seen.isOut) break;
  }
  return [...faults, ...(await tab.evaluate<string[]>('gates.end()'))];
}

const keys = [...'abcdefghijklmnopqrstuvwxyz0123456789/?'];

/** No single key does anything (K7). */
export async function singleKeys(tab: Tab): Promise<string[]> {
  const state = () =>
    tab.evaluate<string>('location.href + document.activeElement.localName + document.documentElement.outerHTML');
  await tab.evaluate('gates.begin()');
  const before = await state();
  for (const key of keys) await tab.keyboard.press(key);
  return (await state()) === before ? [] : ['a single key changed the page'];
}

/** A first view stays within its requests and bytes (ux.md 5.1). */
export function traffic({ page, traffic: all }: Pick<Visit, 'page' | 'traffic'>): string[] {
  const path = all.find(({ kind }) => kind === 'document')?.url ?? '';
  const budget = budgetOf(page.who, new URL(path).pathname);
  return beyond(budget, all).map((fault) => `budget: ${fault}`);
}

function budgetOf(who: Visit['page']['who'], path: string) {
  if (/\/sites\/[^/]+\/files/.test(path)) return budgets.files;
  if (path.endsWith('/style')) return budgets.table;
  if (path.endsWith('/signup')) return budgets.signUp;
  if (path.endsWith('/login'))
    return who === 'suspect' ? { ...budgets.login, requests: budgets.login.requests + 1 } : budgets.login;
  if (who !== 'guest') return budgets.table;
  return /^(\/en)?\/(login|verify|theme|password|invitations)/.test(path) ? budgets.form : budgets.public;
}

/** Everything that is wrong with a page in one look. */
export async function faultsOf(visit: Visit): Promise<string[]> {
  const { tab, page, look } = visit;
  const faults: string[] = [];
  if (visit.status !== (page.status ?? 200)) faults.push(`answers ${visit.status} instead of ${page.status ?? 200}`);
  if (!page.sent) faults.push(...traffic(visit));
  faults.push(...(await markup(visit)));
  await tab.evaluate('gates.unfold()');
  faults.push(...(await axe(tab)));
  if (look.keys) faults.push(...(await tabs(tab)));
  if (look.medium === undefined) faults.push(...(await layout(visit)));
  if (look.keys && look.medium === undefined) faults.push(...(await singleKeys(tab)));
  faults.push(...visit.complaints());
  return faults;
}
