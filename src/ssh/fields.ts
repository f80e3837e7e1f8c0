// What somebody asks for as the form has it, and every reason against it at once.
import { day, endOfDay } from '../platform/clock.ts';
import { type FieldFault, Invalid } from '../platform/errors.ts';
import { checkbox, optionalText } from '../platform/web/form.ts';
import { canonicalNetwork, isNetwork, longestNetworkList, networksIn } from '../platform/web/networks.ts';
import { type PublicKey, publicKeyIn } from './keys.ts';

const field = optionalText(20_000);

export const consentFields = { agree_ssh: checkbox, ssh_version: field };
export const requestFields = { public_key: field, networks: field, with_present: checkbox, until: field, ...consentFields };

export type ConsentInput = { readonly agree_ssh: boolean; readonly ssh_version: string };
export type RequestInput = ConsentInput & {
  readonly public_key: string;
  readonly networks: string;
  /** the address from which the form comes is added */
  readonly with_present: boolean;
  readonly until: string;
};

/** What was asked for, once it is found right. */
export type Wanted = { readonly key: PublicKey; readonly networks: readonly string[]; readonly endsAt: number };

export type Known = {
  readonly now: number;
  readonly zone: string;
  /** from where the form comes */
  readonly address: string;
  /** the version of the document that is in force */
  readonly version: string;
};

export const usualDays = 30;
/** Whoever needs it longer is asked again. */
const mostDays = 366;
/** What is wider holds whole countries: that is no list any more. */
const shortestLengths = { 4: 16, 6: 32 } as const;

/** @throws Invalid with every refused field of `public_key`, `networks`, `until`, `agree_ssh` */
export async function takenRequest(input: RequestInput, known: Known): Promise<Wanted> {
  const found = await publicKeyIn(input.public_key);
  const networks = networksIn(`${input.networks}\n${input.with_present ? known.address : ''}`);
  const end = endOf(input.until.trim(), known);
  refuse({
    public_key: 'fault' in found ? [found.fault] : [],
    networks: networkFaults(networks),
    until: 'fault' in end ? [end.fault] : [],
    agree_ssh: consentFaults(input, known.version),
  });
  if ('fault' in found || 'fault' in end) throw new Error('a refused field was not in the list');
  const canonical = networks.map((one) => withoutFullLength(canonicalNetwork(one).network));
  return { key: found.key, networks: [...new Set(canonical)], endsAt: end.at };
}

/** @throws Invalid on `agree_ssh` when it is not ticked, or another version was shown than the one in force */
export function requireConsent(input: ConsentInput, version: string): void {
  refuse({ agree_ssh: consentFaults(input, version) });
}

function refuse(lists: Readonly<Record<string, readonly FieldFault[]>>): void {
  const refused = Object.entries(lists).filter(([, faults]) => faults.length > 0);
  if (refused.length > 0) throw new Invalid(Object.fromEntries(refused));
}

function consentFaults({ agree_ssh, ssh_version }: ConsentInput, version: string): FieldFault[] {
  if (!agree_ssh) return [{ key: 'ssh.fault.agree' }];
  return ssh_version === version ? [] : [{ key: 'ssh.fault.changed' }];
}

/** Faults name the part by its number: the parameters of a message hold nothing personal. */
function networkFaults(networks: readonly string[]): FieldFault[] {
  if (networks.length === 0) return [{ key: 'ssh.fault.networksMissing' }];
  if (networks.length > longestNetworkList)
    return [{ key: 'people.fault.networksMany', parameters: { most: longestNetworkList } }];
  return networks.flatMap((one, at): FieldFault[] => {
    const number = at + 1;
    if (!isNetwork(one)) return [{ key: 'people.fault.network', parameters: { number } }];
    const { family, length } = canonicalNetwork(one);
    const shortest = shortestLengths[family];
    return length < shortest ? [{ key: 'ssh.fault.networkWide', parameters: { number, shortest } }] : [];
  });
}

const withoutFullLength = (network: string) => network.replace(/(?<=\.\d+)\/32$|(?<=:[\da-f]*)\/128$/, '');

/** Access is good to the end of that local day. */
function endOf(until: string, { now, zone }: Known): { at: number } | { fault: FieldFault } {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(until) && !Number.isNaN(Date.parse(`${until}T00:00:00Z`));
  if (!isDay || new Date(`${until}T00:00:00Z`).toISOString().slice(0, 10) !== until)
    return { fault: { key: 'people.fault.until' } };
  // Before a zone is asked about it: no day of ours lies there.
  if (until > new Date(now + (mostDays + 2) * day).toISOString().slice(0, 10)) return { fault: { key: 'people.fault.untilFar' } };
  const at = endOfDay(until, zone);
  if (at <= now) return { fault: { key: 'people.fault.untilPast' } };
  return at > now + mostDays * day + day ? { fault: { key: 'people.fault.untilFar' } } : { at };
}
