// Where backups lie and how long they are kept, as the panel is set up (KHADA 7.6, 8.5), and what changed from one state to the next.
import type { Choices } from '../options.ts';
import type { TierName, Tiers } from '../tiers/tiers.ts';

/**
 * Where a tier lies. A folder of this machine is no tier of its own (KHADA 8.5, SL 9-2). `place`: as the company calls it; `isFar`: the
 * long-term one, in another place than the short-term one
 */
export type TierPlace = {
  readonly kind: 'none' | 'here' | 'elsewhere';
  readonly place?: string | undefined;
  readonly isFar: boolean;
};

export type Locations = {
  /** false: this panel makes no backups, so none of its promises may be printed */
  readonly backups: boolean;
  /** `HH:MM` */
  readonly backupAt: string;
  readonly keepDaily: number;
  readonly keepWeekly: number;
  readonly shortTerm: TierPlace;
  readonly longTerm: TierPlace;
};

type SetUp = {
  readonly choices: Pick<Choices, 'features' | 'backupAt' | 'keepDaily' | 'keepWeekly'>;
  readonly tiers: Pick<Tiers, 'named' | 'longTermIsFar'>;
};

export function locationsOf({ choices, tiers }: SetUp): Locations {
  const { features, backupAt, keepDaily, keepWeekly } = choices;
  const at = (tier: TierName) => placeOf(tiers, tier);
  const places = { shortTerm: at('short-term'), longTerm: at('long-term') };
  return { backups: features.includes('backups'), backupAt, keepDaily, keepWeekly, ...places };
}

function placeOf({ named, longTermIsFar }: SetUp['tiers'], wanted: TierName): TierPlace {
  const tier = named.find(({ name }) => name === wanted);
  if (!tier) return { kind: 'none', isFar: false };
  return tier.isElsewhere
    ? { kind: 'elsewhere', place: tier.place, isFar: longTermIsFar && wanted === 'long-term' }
    : { kind: 'here', isFar: false };
}

type Say = (key: string, parameters?: Record<string, string | number>) => string;

/** @returns what is different now, a sentence each; none when nothing is */
export function changesOf(before: Locations, now: Locations, t: Say): string[] {
  if (before.backups !== now.backups) return [t(`home.announced.${now.backups ? 'on' : 'off'}`)];
  const changed = (what: 'backupAt' | 'keepDaily' | 'keepWeekly') =>
    before[what] === now[what] ? [] : [t(`home.announced.${what}`, { from: before[what], to: now[what] })];
  const moved = (what: 'shortTerm' | 'longTerm') => {
    const [from, to] = [placeInWords(before[what], t), placeInWords(now[what], t)];
    return from === to ? [] : [t(`home.announced.${what}`, { from, to })];
  };
  return [...changed('backupAt'), ...changed('keepDaily'), ...changed('keepWeekly'), ...moved('shortTerm'), ...moved('longTerm')];
}

const placeInWords = ({ kind, place }: TierPlace, t: Say) => (kind === 'elsewhere' && place ? place : t(`home.location.${kind}`));
