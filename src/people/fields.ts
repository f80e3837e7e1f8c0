// What an owner says of another person's rights, as the form has it, and every reason against it at once.
import { z } from 'zod';
import { day, endOfDay, LocalTime } from '../platform/clock.ts';
import { type FieldFault, Invalid } from '../platform/errors.ts';
import { isNetwork, longestNetworkList, networksIn } from '../platform/web/networks.ts';
import type { Site } from '../sites/sites.ts';
import type { GuestRights } from './invitations.ts';

// What cannot be read is refused: taken as empty it would let in from everywhere, without an end.
const field = z.string({ error: 'error.invalid' }).max(4000, 'error.tooLongField').default('');

export const rightsFields = {
  role: field,
  sites: z
    .union([z.string().transform((one) => [one]), z.array(z.string())])
    .catch([])
    .default([]),
  until: field,
  networks: field,
};

export type RightsInput = {
  readonly role: string;
  readonly sites: readonly string[];
  readonly until: string;
  readonly networks: string;
};

/** Nobody who works for somebody else needs access for longer without being asked again. */
const mostDays = 366;

export type Known = { readonly sites: readonly Pick<Site, 'id' | 'name'>[]; readonly now: number; readonly zone: string };

/** @throws Invalid with every refused field of `role`, `sites`, `until`, `networks`, and those of `more` */
export function takenRights(
  input: RightsInput,
  known: Known,
  more: Readonly<Record<string, readonly FieldFault[]>> = {},
): GuestRights {
  const role = input.role === 'developer' || input.role === 'viewer' ? input.role : undefined;
  const siteIds = known.sites.filter(({ name }) => input.sites.includes(name)).map(({ id }) => id);
  const end = endOf(input.until.trim(), known, role === 'developer');
  const networks = networksIn(input.networks);
  const lists: Record<string, readonly FieldFault[]> = {
    ...more,
    role: role ? [] : [{ key: 'people.fault.role' }],
    sites: siteIds.length > 0 ? [] : [{ key: 'people.fault.sites' }],
    until: 'fault' in end ? [end.fault] : [],
    networks: networkFaults(networks),
  };
  const refused = Object.entries(lists).filter(([, faults]) => faults.length > 0);
  if (refused.length > 0) throw new Invalid(Object.fromEntries(refused));
  if (!role || 'fault' in end) throw new Error('a refused field was not in the list');
  return { role, siteIds, networks, endsAt: end.at };
}

/** A place is good to the end of that local day. */
function endOf(until: string, { now, zone }: Known, isNeeded: boolean): { at: number | null } | { fault: FieldFault } {
  if (until === '') return isNeeded ? { fault: { key: 'people.fault.untilMissing' } } : { at: null };
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(until) && !Number.isNaN(Date.parse(`${until}T00:00:00Z`));
  if (!isDay || new Date(`${until}T00:00:00Z`).toISOString().slice(0, 10) !== until)
    return { fault: { key: 'people.fault.until' } };
  const at = endOfDay(until, zone);
  if (at <= now) return { fault: { key: 'people.fault.untilPast' } };
  return at > now + mostDays * day + day ? { fault: { key: 'people.fault.untilFar' } } : { at };
}

/** @returns the last day of a place that ends at this moment */
export function lastDayOf(endsAt: number | null, zone: string): string {
  return endsAt === null ? '' : new LocalTime(zone).day(endsAt - 1);
}

/** Faults name the part by its number: the parameters of a message hold nothing personal. */
function networkFaults(networks: readonly string[]): FieldFault[] {
  if (networks.length > longestNetworkList)
    return [{ key: 'people.fault.networksMany', parameters: { most: longestNetworkList } }];
  return networks.flatMap((one, at) => (isNetwork(one) ? [] : [{ key: 'people.fault.network', parameters: { number: at + 1 } }]));
}
