// What pages say of the tiers of a site: one line each, with its own age, and honestly where there is none (KHADA 8.5, ux.md 2.8).
import type { Visit } from '../platform/web/visit.ts';
import type { TierView } from './tiers.ts';

type Speaker = Pick<Visit, 'words'>;
export type TierLine = { readonly text: string; readonly state: 'ok' | 'warn' | 'plain' };

/** @param tiers as `Tiers.of` gives them; none: one line that says so */
export function tierLines({ words }: Speaker, tiers: readonly TierView[]): TierLine[] {
  if (tiers.length === 0) return [{ text: words.t('tiers.none'), state: 'plain' }];
  const lines = tiers.map((tier) => lineOf(words, tier));
  if (tiers.every(({ isElsewhere }) => isElsewhere)) return lines;
  return [...lines, { text: words.t('tiers.here'), state: 'plain' }];
}

function lineOf(words: Speaker['words'], { tier, dataAt, failedAt, place, isElsewhere }: TierView): TierLine {
  const { t, time, ago } = words;
  const name = t(`tiers.name.${tier}`);
  const where = !isElsewhere ? t('tiers.where.here') : place === undefined ? t('tiers.where.elsewhere') : place;
  if (dataAt === undefined)
    return failedAt === undefined
      ? { text: t('tiers.line.waiting', { name, where }), state: 'plain' }
      : { text: t('tiers.line.never', { name, where, since: time(failedAt) }), state: 'warn' };
  const last = { name, where, time: time(dataAt), ago: ago(dataAt) };
  return failedAt === undefined
    ? { text: t('tiers.line.kept', last), state: 'ok' }
    : { text: t('tiers.line.late', last), state: 'warn' };
}
