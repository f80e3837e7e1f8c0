// What keeps a panel from going live is said with its clause, each fault by itself; production alone refuses.
import { expect, test } from 'vitest';
import { type GoLiveParts, goLiveFaults, isProduction } from '../../src/go-live.ts';
import type { Locations } from '../../src/home/home.ts';
import type { Choices } from '../../src/options.ts';
import type { Plan } from '../../src/orders/orders.ts';
import { samplePlans } from '../../src/orders/plans.ts';
import { notFound } from '../../src/platform/errors.ts';

const officer = { name: 'a', title: '', department: '', phone: '1', email: 'a@b', since: '' };
const elsewhere = (place: string | undefined) => ({ kind: 'elsewhere', place, isFar: false }) as const;
const located: Locations = {
  ...{ backups: true, backupAt: '03:00', keepDaily: 7, keepWeekly: 5 },
  ...{ shortTerm: elsewhere('Seoul'), longTerm: elsewhere('Bundang') },
};
const plan: Plan = { ...(samplePlans[0] as (typeof samplePlans)[number]), slaVersion: '2026-11-22', closedAt: null };

type Changed = {
  officers?: Choices['officers'];
  locations?: Partial<Locations>;
  plans?: readonly Plan[];
  missing?: string;
};

async function faultsWith(changed: Changed): Promise<string[]> {
  const officers = 'officers' in changed ? changed.officers : { security: officer, privacy: officer };
  const parts = {
    choices: { officers } as Choices,
    home: { locations: () => ({ ...located, ...changed.locations }) },
    orders: { plans: async () => [...(changed.plans ?? [plan])] },
    consent: {
      versions: () => ['2026-11-22'],
      version: (document: string, _version: string, language: string) => {
        if (`${document}.${language}` === changed.missing) throw notFound();
        return {} as ReturnType<GoLiveParts['consent']['version']>;
      },
    },
  };
  return (await goLiveFaults(parts)).map(({ setting, wrong }) => `${setting}: ${wrong}`);
}

test('nothing keeps a panel back that has everything', async () => {
  expect(await faultsWith({})).toEqual([]);
  // Two folders of this machine are told as what they are; a panel without backups promises none.
  expect(await faultsWith({ locations: { shortTerm: { kind: 'here', isFar: false } } })).toEqual([]);
  expect(await faultsWith({ locations: { backups: false, shortTerm: { kind: 'none', isFar: false } } })).toEqual([]);
});

test.each<[string, Changed, RegExp]>([
  ['no officers', { officers: undefined }, /^OFFICERS: .*KHADA 1\.1/],
  ['no short-term tier', { locations: { shortTerm: { kind: 'none', isFar: false } } }, /^SHORT_TERM_URL: .*KHADA 7\.6, 8\.5/],
  ['a tier without a place', { locations: { longTerm: elsewhere(undefined) } }, /^LONG_TERM_PLACE: .*KHADA 7\.6/],
  ['no plan', { plans: [] }, /^plans: /],
  ['a plan without an SLA', { plans: [{ ...plan, slaVersion: '' }] }, /^plan seed: has no SLA.*KHADA 8\.2/],
  [
    'a plan with an SLA that is not there',
    { plans: [{ ...plan, slaVersion: '2020-01-01' }] },
    /^plan seed: names version 2020-01-01/,
  ],
  ['a plan that promises nothing', { plans: [{ ...plan, availabilityPercent: 0 }] }, /^plan seed: .*KHADA 8\.2/],
  ['a document without English', { missing: 'sla.en' }, /^document sla: version 2026-11-22 has no text in en.*KHADA 8\.3/],
  ['a document without Korean', { missing: 'privacy.ko' }, /^document privacy: .*no text in ko/],
])('%s does', async (_what, changed, form) => {
  const faults = await faultsWith(changed);
  expect(faults).toEqual([expect.stringMatching(form)]);
});

test('production is what says so and is reached by others', () => {
  expect(isProduction({ NODE_ENV: 'production' }, { isLoopback: false })).toBe(true);
  expect(isProduction({ NODE_ENV: 'production' }, { isLoopback: true })).toBe(false);
  expect(isProduction({}, { isLoopback: false })).toBe(false);
});
