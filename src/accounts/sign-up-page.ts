// What the sign-up page shows beside the fields: plans, the items to agree to with their documents, and the words beside each box.
import type { Consent, Document } from '../consent/consent.ts';
import {
  type Answer,
  type Compensation,
  documentOf,
  type ItemName,
  optionalItems,
  type Plan,
  requiredItems,
} from '../orders/orders.ts';
import type { Words } from '../platform/web/words.ts';

/** A part of a sentence, as `views/shared/_sentence.ejs` takes it. */
type Part = string | { readonly text: string; readonly strong: true };

export type ShownItem = {
  readonly name: ItemName;
  readonly label: string;
  readonly summary: readonly Part[];
  /** their full texts stand below the item */
  readonly documents: readonly Document[];
};

/** The words beside the box, as they are recorded with the answer. */
export const wordingOf = (words: Words, item: ItemName): string => words.t(`consent.${item}.label`);

/** @returns an answer for every item that the page shows; a box that was not ticked is an answer too */
export function answersOf(words: Words, ticked: Readonly<Partial<Record<ItemName, boolean>>>): Answer[] {
  return [...requiredItems, ...optionalItems].map((item) => ({
    item,
    agreed: ticked[item] === true,
    wording: wordingOf(words, item),
  }));
}

const strong = (text: string): Part => ({ text, strong: true });

/** The plans that may be chosen, and what an outage is worth by the SLA in force. */
type Offered = { readonly plans: readonly Plan[]; readonly rule: Compensation };

/** Important lines stand out (PIPA decree 17(3)): they are strong. */
function summaryOf(words: Words, item: ItemName, { plans, rule }: Offered): Part[] {
  const { t } = words;
  if (item === 'agree_backup') return backupSummary(words, plans);
  const { fromHours: hours, times } = rule;
  const parts: Part[] = [t(`consent.${item}.summary`, { hours, times })];
  if (item === 'agree_sla' || item === 'marketing_use') parts.push(strong(t(`consent.${item}.important`)));
  return parts;
}

/** One box for both variants of the notice: which one applies follows the plan, and the page must be complete without scripts. */
function backupSummary({ t, language }: Words, plans: readonly Plan[]): Part[] {
  const variants = variantsOf(plans);
  const parts: Part[] = variants.length > 1 ? [`${t('consent.agree_backup.both')} `] : [];
  for (const variant of variants) {
    const names = plans.filter(({ backupVariant }) => backupVariant === variant).map(({ name }) => name[language]);
    if (variants.length > 1) parts.push(strong(`${names.join(', ')}: `));
    parts.push(t(`consent.agree_backup.${variant}.summary`), strong(t(`consent.agree_backup.${variant}.important`)), ' ');
  }
  return parts;
}

const variantsOf = (plans: readonly Plan[]) =>
  (['none', 'separate'] as const).filter((variant) => plans.some((plan) => plan.backupVariant === variant));

/** @returns the items in the order of the page, required ones first */
export function shownItems(words: Words, consent: Consent, offered: Offered): { required: ShownItem[]; optional: ShownItem[] } {
  const shown = (name: ItemName): ShownItem => {
    const variants = name === 'agree_backup' ? variantsOf(offered.plans) : (['none'] as const);
    const documents = variants
      .flatMap((variant) => documentOf(name, variant) ?? [])
      .map((document) => consent.current(document, words.language));
    return { name, label: wordingOf(words, name), summary: summaryOf(words, name, offered), documents };
  };
  const optional = optionalItems.map((name) => ({ ...shown(name), documents: [] }));
  return { required: requiredItems.map(shown), optional };
}
