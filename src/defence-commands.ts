// `gotgan accounts suspect` and `gotgan customers …`: what an operator does when others know passwords, or a customer is to be restricted.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { restrictionReasons } from './accounts/accounts.ts';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';

/** A login name is shorter; a longer line is nobody's. */
const longestName = 254;

/**
 * Closes the passwords of the accounts that a file names, one a line; what follows a colon, semicolon or comma is not read, since
 * lists of leaks have passwords there. Broken off, it is run again with the same file and goes on; run once more it does nothing.
 * @returns what came of it, in a sentence without names
 * @throws CommandRefused when the file cannot be read
 */
export async function suspect({ signIn }: Pick<Doors, 'signIn'>, file: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(file), digest).catch((error: NodeJS.ErrnoException) => {
    throw new CommandRefused(`${file}: cannot be read (${error.code})`);
  });
  const list = digest.digest('base64url');
  const counts = { closed: 0, already: 0, unknown: 0 };
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const name = (line.replace(/^\uFEFF/, '').split(/[:;,]/, 1)[0] ?? '').trim();
    if (name === '') continue;
    counts[name.length > longestName ? 'unknown' : await signIn.closedPasswords.suspect(name, list)] += 1;
  }
  const { closed, already, unknown } = counts;
  return `${closed} passwords closed and their owners written to; ${already} were closed before; ${unknown} lines name nobody here`;
}

/** @throws Error for a reason that is none, PanelError 404 for a site or reference that is not there */
export async function restrict(
  { accounts, sites }: Pick<Doors, 'accounts' | 'sites'>,
  act: 'restrict' | 'lift',
  { site, reference = '', reason }: { site?: string; reference?: string; reason?: string },
): Promise<string> {
  const known = restrictionReasons.find((one) => one === reason);
  if (act === 'restrict' && !known) throw new CommandRefused(`customers: --reason is one of ${restrictionReasons.join(', ')}`);
  const { restrictions } = accounts;
  const customerId = site ? (await sites.byName(site)).customerId : await restrictions.byReference(reference);
  const actor = { kind: 'operator' } as const;
  if (act === 'restrict' && known)
    return (await restrictions.restrict(customerId, known, actor))
      ? 'The customer is restricted, and was written to.'
      : 'The customer was restricted for this reason before.';
  return (await restrictions.lift(customerId, actor))
    ? 'The restriction is lifted, and the customer was written to.'
    : 'There was no restriction.';
}

/** `gotgan accounts suspect <file>`. @returns what came of it */
export async function suspectCommand(args: string[], doors: Pick<Doors, 'signIn'>): Promise<string> {
  const [file] = parseArgs({ args, allowPositionals: true }).positionals;
  if (!file) throw new CommandRefused('accounts suspect: a list is needed, a login name a line');
  return suspect(doors, file);
}

/** `gotgan customers restrict|lift`. @returns what came of it */
export async function customersCommand(args: string[], doors: Pick<Doors, 'accounts' | 'sites'>): Promise<string> {
  const text = { type: 'string' } as const;
  const options = { site: text, reference: text, reason: text };
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [act] = positionals;
  if ((act !== 'restrict' && act !== 'lift') || Boolean(values.site) === Boolean(values.reference))
    throw new CommandRefused('customers: restrict or lift, and --site <name> or --reference <number>');
  return restrict(doors, act, values);
}
