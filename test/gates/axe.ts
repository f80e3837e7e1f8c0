// What axe-core says of a page in the browser, in words.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page as Tab } from 'playwright-core';

const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

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

/** A script for every page of a window: axe-core as a function that nobody has called yet. So it travels once a window, not once a page. */
export const axeForLater = `globalThis.gates.loadAxe = () => {${axeSource}\nreturn true; };`;

/** @returns what axe finds in a page as it stands */
export async function axe(tab: Tab): Promise<string[]> {
  if (!(await tab.evaluate<boolean>('globalThis.gates?.loadAxe?.() ?? false'))) await tab.evaluate(axeSource);
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
