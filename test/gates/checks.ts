// Every check of a page in the browser, each telling its faults in words; `faultsOf` runs them all over one visit.
import { catalogues } from '../../src/messages/catalogue.ts';
import { chosen } from '../../src/options.ts';
import { wordsIn } from '../../src/platform/web/words.ts';
import { secret } from '../support/panel.ts';
import { axe } from './axe.ts';
import { pressTab } from './keyboard.ts';
import { beyond, budgets } from './traffic.ts';
import type { Visit } from './visit.ts';

const { brand } = chosen({ publicUrl: 'http://127.0.0.1', secret });

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

const [narrowest, narrow] = [320, 360];

/**
 * Widths and sizes of text (WCAG 1.4.4, 1.4.10, 1.4.12), and how high controls are (K6). Text grows in the window of the look and in a narrow one;
 * the narrowest, which the window keeps, is asked for its width alone.
 */
export async function layout({ tab, look }: Pick<Visit, 'tab' | 'look'>): Promise<string[]> {
  const { height } = tab.viewportSize() ?? { height: 640 };
  const asItIs = `gates.sideways('at ${look.width} px'), gates.clipped('as it is'), gates.low()`;
  const enlarged = (width: number) => `gates.enlarged('with text of 200 % at ${width} px')`;
  // Every change of the window is drawn: what one width is asked is asked at once.
  const asked = new Map<number, string[]>([[look.width, [asItIs, enlarged(look.width)]]]);
  const ofNarrow = look.width === narrow ? (asked.get(narrow) ?? []) : [enlarged(narrow)];
  asked.set(narrow, [...ofNarrow, "gates.spaced('with the spacing of WCAG 1.4.12'), gates.unmoved()"]);
  asked.set(narrowest, [`gates.sideways('at ${narrowest} px'), gates.low()`]);
  const faults: string[] = [];
  for (const [width, scripts] of asked) {
    if (tab.viewportSize()?.width !== width) await tab.setViewportSize({ width, height });
    faults.push(...(await tab.evaluate<string[]>(`[${scripts.join()}].flat()`)));
  }
  return faults;
}

type Seen = { isOut: boolean; faults: string[] };
const moreThanAll = 5;

/** Tab from the top to the end and out: every stop in its order, each with a ring that can be seen (K2–K4). */
export async function tabs({ tab, devTools }: Pick<Visit, 'tab' | 'devTools'>): Promise<string[]> {
  const { count, faults } = await tab.evaluate<{ count: number; faults: string[] }>('gates.begin()');
  // The page itself looks after each press; a field for a date has several stops of its own, so more may be wanted.
  for (let pressed = 0, more = count + 1; ; pressed += more, more = 1) {
    if (pressed > count + moreThanAll) return [...faults, `the focus does not leave the page after ${pressed} presses of Tab`];
    await pressTab(devTools, more);
    const seen = await tab.evaluate<Seen>('gates.seenSoFar()');
    if (seen.isOut) return [...faults, ...seen.faults, ...(await tab.evaluate<string[]>('gates.end()'))];
  }
}

const keys = [...'abcdefghijklmnopqrstuvwxyz0123456789/?'];

/** No single key does anything (K7). */
export async function singleKeys({ tab }: Pick<Visit, 'tab'>): Promise<string[]> {
  const isChanged = await tab.evaluate<boolean>(`gates.isChangedBy(${JSON.stringify(keys)})`);
  return isChanged ? ['a single key changed the page'] : [];
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
  if (look.keys) faults.push(...(await tabs(visit)));
  if (look.keys && look.medium === undefined) faults.push(...(await singleKeys(visit)));
  if (look.medium === undefined) faults.push(...(await layout(visit)));
  faults.push(...visit.complaints());
  return faults;
}
