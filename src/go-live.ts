// What must be there before customers come: officers, backup locations, the compensation of every plan, documents in both languages.
import { type Consent, documentNames } from './consent/consent.ts';
import type { Home, TierPlace } from './home/home.ts';
import { type Choices, type OptionFault, OptionsError } from './options.ts';
import type { Orders, Plan } from './orders/orders.ts';
import { whenMissing } from './platform/errors.ts';
import { languages } from './platform/web/words.ts';

export type GoLiveParts = {
  readonly choices: Choices;
  readonly home: Pick<Home, 'locations'>;
  readonly orders: Pick<Orders, 'plans'>;
  readonly consent: Pick<Consent, 'versions' | 'version'>;
};

/** @returns what keeps a panel from going live, each with its clause; none when it may */
export async function goLiveFaults({ choices, home, orders, consent }: GoLiveParts): Promise<OptionFault[]> {
  const plans = await orders.plans();
  return [
    ...officerFaults(choices),
    ...locationFaults(home),
    ...(plans.length > 0 ? [] : [{ setting: 'plans', wrong: 'there is none that can be chosen', todo: 'reopen or add one' }]),
    ...plans.flatMap((plan) => planFaults(plan, consent)),
    ...documentNames.flatMap((document) => documentFaults(document, consent)),
  ];
}

/** Nobody but this machine reaches a panel on loopback, so that it cannot go live. */
export const isProduction = (env: Readonly<Record<string, string | undefined>>, { isLoopback }: { isLoopback: boolean }) =>
  env.NODE_ENV === 'production' && !isLoopback;

function officerFaults({ officers }: Choices): OptionFault[] {
  const wrong = 'is missing: a security officer and a privacy officer have to be announced (KHADA 1.1, SL 2-1)';
  return officers ? [] : [{ setting: 'OFFICERS', wrong, todo: 'name both; one person may hold both offices' }];
}

function locationFaults(home: GoLiveParts['home']): OptionFault[] {
  const { backups, shortTerm, longTerm } = home.locations();
  if (!backups) return [];
  return [...tierFaults('SHORT_TERM', 'short-term', shortTerm), ...tierFaults('LONG_TERM', 'long-term', longTerm)];
}

function tierFaults(setting: string, tier: string, { kind, place }: TierPlace): OptionFault[] {
  if (kind === 'none') {
    const wrong = `is missing: nobody can be told where ${tier} backups lie (KHADA 7.6, 8.5)`;
    return [{ setting: `${setting}_URL`, wrong, todo: 'see the chapter on backup tiers in docs/operations.md' }];
  }
  if (kind === 'here' || place) return [];
  const wrong = `is missing: customers are told only "another server" of ${tier} backups (KHADA 7.6)`;
  return [{ setting: `${setting}_PLACE`, wrong, todo: 'name the place, such as a data centre' }];
}

function planFaults({ slug, slaVersion, availabilityPercent }: Plan, consent: GoLiveParts['consent']): OptionFault[] {
  const setting = `plan ${slug}`;
  const todo = 'publish it with the version of the SLA that it keeps, and an availability';
  if (!slaVersion || !consent.versions('sla').includes(slaVersion)) {
    const named = slaVersion ? `names version ${slaVersion} of the SLA, which does not exist` : 'has no SLA';
    return [{ setting, wrong: `${named}: its page must state the compensation for downtime (KHADA 8.2)`, todo }];
  }
  if (availabilityPercent > 0 && availabilityPercent <= 100) return [];
  return [{ setting, wrong: `promises an availability of ${availabilityPercent} % (KHADA 8.2)`, todo }];
}

function documentFaults(document: string, consent: GoLiveParts['consent']): OptionFault[] {
  const versions = consent.versions(document);
  const clause = 'customers agree to it in their language (KHADA 8.3)';
  if (versions.length === 0)
    return [
      { setting: `document ${document}`, wrong: `is missing: ${clause}`, todo: 'publish a version of it in both languages' },
    ];
  return versions.flatMap((version) => {
    const missing = languages.filter((language) => !exists(() => consent.version(document, version, language)));
    if (missing.length === 0) return [];
    const wrong = `version ${version} has no text in ${missing.join(' and ')}: ${clause}`;
    return [{ setting: `document ${document}`, wrong, todo: 'add the text in that language under the same date' }];
  });
}

function exists(read: () => unknown): boolean {
  try {
    return read() !== undefined;
  } catch (error) {
    whenMissing(error);
    return false;
  }
}

/** @returns a line for each document that still is the sample, or has blanks: a panel can go live with it, but should not */
export function sampleWarnings(consent: Pick<Consent, 'current'>): string[] {
  return documentNames.flatMap((document) => {
    const { markdown, version } = consent.current(document, 'en');
    // The samples say of themselves that they are, and mark what a company fills in with brackets of their own.
    if (!/^> \*\*This document is a template/m.test(markdown) && !/[\u3014\u3015]/.test(markdown)) return [];
    return [`document ${document} (${version}): is a sample or has blanks; a lawyer and you have to finish it (KHADA 8.3).`];
  });
}

/** For `gotgan check --go-live`. @throws OptionsError with what keeps the panel from going live */
export async function checkGoLive(
  doors: GoLiveParts & { consent: Pick<Consent, 'current'> },
  say: (line: string) => void,
): Promise<void> {
  const faults = await goLiveFaults(doors);
  if (faults.length > 0) throw new OptionsError(faults);
  for (const line of sampleWarnings(doors.consent)) say(line);
}

type Started = { readonly doors: GoLiveParts & { readonly addresses: { readonly isLoopback: boolean } }; close(): Promise<void> };

/**
 * In production a panel that may not go live is closed again; elsewhere it says so, but not to who only tries it on their own machine.
 * @returns what is missing before it may go live, a line each. @throws OptionsError in production
 */
export async function mayServe({ doors, close }: Started, env: Readonly<Record<string, string | undefined>>): Promise<string[]> {
  if (doors.addresses.isLoopback) return [];
  const faults = await goLiveFaults(doors);
  if (faults.length === 0 || !isProduction(env, doors.addresses))
    return faults.map(({ setting, wrong, todo }) => `Not ready to go live: ${setting}: ${wrong}; ${todo}.`);
  await close();
  throw new OptionsError(faults);
}
