// What somebody says of an FTP account, as the form has it, and every reason against it at once.
import { z } from 'zod';
import { day, endOfDay } from '../platform/clock.ts';
import { type FieldFault, Invalid } from '../platform/errors.ts';
import { isNetwork, longestNetworkList, networksIn } from '../platform/web/networks.ts';

// What cannot be read is refused: taken as empty it would let in from everywhere, without an end.
const field = z.string({ error: 'error.invalid' }).max(4000, 'error.tooLongField').default('');

export const rightsFields = { path: field, allow_ips: field, expires: field, plain: z.string().optional().catch(undefined) };
export const nameFields = { user: field };

export type RightsInput = {
  readonly path: string;
  readonly allow_ips: string;
  readonly expires: string;
  readonly plain?: string | undefined;
};

export type Known = {
  /** that may be chosen, the account's present one among them; undefined: the account is for the whole site */
  readonly folders: readonly string[] | undefined;
  readonly now: number;
  readonly zone: string;
};

export type Rights = {
  readonly folder: string;
  readonly networks: readonly string[];
  readonly expiresAt: number | null;
  readonly mayBePlain: boolean;
};

/** What no calendar of ours promises. */
const mostDays = 10 * 366;

/** What follows the site's name and a dot; site names have no dot, so no two sites' names can meet. */
const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?$/;

/** @throws Invalid with every refused field of `path`, `allow_ips`, `expires`, and those of `more` */
export function takenRights(
  input: RightsInput,
  { folders, now, zone }: Known,
  more: Readonly<Record<string, readonly FieldFault[]>> = {},
): Rights {
  const folder = folders === undefined ? '' : input.path.replace(/^\//, '');
  const networks = networksIn(input.allow_ips);
  const end = endOf(input.expires.trim(), now, zone);
  const lists: Record<string, readonly FieldFault[]> = {
    ...more,
    path: folders === undefined || folders.includes(folder) ? [] : [{ key: 'ftp.fault.path' }],
    allow_ips: networkFaults(networks),
    expires: 'fault' in end ? [end.fault] : [],
  };
  const refused = Object.entries(lists).filter(([, faults]) => faults.length > 0);
  if (refused.length > 0 || 'fault' in end) throw new Invalid(Object.fromEntries(refused));
  return { folder, networks, expiresAt: end.at, mayBePlain: input.plain !== undefined };
}

/** @returns what is wrong with the part of a user name that is the account's own */
export function nameFaults(name: string): FieldFault[] {
  return namePattern.test(name) ? [] : [{ key: 'ftp.fault.user' }];
}

function endOf(text: string, now: number, zone: string): { at: number | null } | { fault: FieldFault } {
  if (text === '') return { at: null };
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
  if (!isDay || new Date(`${text}T00:00:00Z`).toISOString().slice(0, 10) !== text) return { fault: { key: 'ftp.fault.expires' } };
  const at = endOfDay(text, zone);
  if (at <= now) return { fault: { key: 'ftp.fault.expiresPast' } };
  return at > now + mostDays * day ? { fault: { key: 'ftp.fault.expires' } } : { at };
}

/** Faults name the part by its number: the parameters of a message hold nothing personal. */
function networkFaults(networks: readonly string[]): FieldFault[] {
  if (networks.length > longestNetworkList) return [{ key: 'ftp.fault.networksMany', parameters: { most: longestNetworkList } }];
  return networks.flatMap((one, at) => (isNetwork(one) ? [] : [{ key: 'ftp.fault.network', parameters: { number: at + 1 } }]));
}
