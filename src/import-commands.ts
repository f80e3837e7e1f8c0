// `gotgan accounts import` and `accounts find`: they say what came of it, line by line.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { catalogues } from './messages/catalogue.ts';
import type { Doors } from './panel.ts';
import { systemClock } from './platform/clock.ts';
import { wordsIn } from './platform/web/words.ts';

/** The operator can act: the sentence says how. */
export class CommandRefused extends Error {}

type Say = (line: string) => void;
const operator = { kind: 'operator' } as const;
const words = wordsIn('en', { catalogues, zone: 'UTC', now: () => systemClock.now() });
const mostFaults = 1000;

/** `<file> [--dry-run]`, or `--undo <id>` @throws CommandRefused */
export async function importCommand(args: readonly string[], { accounts }: Doors, say: Say): Promise<void> {
  const options = { 'dry-run': { type: 'boolean' }, undo: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const [file] = positionals;
  if (values.undo !== undefined) return undo(accounts, values.undo, say);
  if (!file) throw new CommandRefused('accounts import: a file is needed');
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandRefused(`${file}: cannot be read (${error.code})`);
  });
  await importFile(accounts, bytes, { dryRun: values['dry-run'] === true, say });
}

async function importFile(accounts: Doors['accounts'], bytes: Buffer, { dryRun, say }: { dryRun: boolean; say: Say }) {
  const { rows, faults, hashes, before } = await accounts.imports.check(bytes);
  for (const { number, column, fault } of faults.slice(0, mostFaults))
    say(`row ${number}: ${column ? `${column}: ` : ''}${words.t(fault.key, fault.parameters ?? {})}`);
  if (faults.length > mostFaults) say(`… and ${faults.length - mostFaults} more`);
  const wrong = new Set(faults.map(({ number }) => number)).size;
  if (faults.length > 0)
    throw new CommandRefused(
      `${wrong} rows have faults (${faults.length} in all), ${rows.length} can be read. Nothing was written.`,
    );
  say(`${rows.length} customers; password hashes: ${[...hashes].map(([kind, count]) => `${kind} × ${count}`).join(', ')}`);
  if (before?.finished) return say(`This file was imported already (${before.id}). Nothing was written.`);
  if (before) say(`This file was begun before (${before.id}): it goes on where it stopped.`);
  if (dryRun) return say('Everything can be imported. Nothing was written.');
  const { importId, written, wereThere } = await accounts.imports.run(bytes, (count, of) => {
    if (count % 100 < 2 || count === of) say(`${count} of ${of}`);
  });
  say(`${written} customers were written, ${wereThere} were there already. To undo: gotgan accounts import --undo ${importId}`);
}

const because = { signedIn: 'has signed in', agreed: 'has agreed to the contract', passwordSet: 'has set a password' } as const;

async function undo(accounts: Doors['accounts'], importId: string, say: Say): Promise<void> {
  const { removed, left } = await accounts.imports.undo(importId).catch((error: Error) => {
    throw error.message === 'there is no such import' ? new CommandRefused(`${importId}: ${error.message}`) : error;
  });
  for (const one of left) say(`row ${one.row}: stays, since the person ${because[one.because]}`);
  say(`${removed} customers were removed, ${left.length} stay.`);
}

/** `[--domain <name>] [--reference <text>] [--phone-last4 <digits>]` @throws CommandRefused */
export async function findCommand(args: readonly string[], { accounts }: Doors, say: Say): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...args], options: { domain: text, reference: text, 'phone-last4': text } });
  const { domain, reference, 'phone-last4': phoneLast4 } = values;
  const asked = {
    ...(domain !== undefined && { domain }),
    ...(reference !== undefined && { reference }),
    ...(phoneLast4 !== undefined && { phoneLast4 }),
  };
  if (Object.keys(asked).length === 0)
    throw new CommandRefused('accounts find: --domain, --reference or --phone-last4 is needed');
  if (phoneLast4 !== undefined && !/^\d{4}$/.test(phoneLast4)) throw new CommandRefused('--phone-last4: four digits are needed');
  const found = await accounts.finding.find(asked, operator);
  for (const one of found)
    say(
      [one.customerId, one.reference ?? '-', one.loginName, one.email, one.name || '-', one.domains.join(' ') || '-'].join('\t'),
    );
  say(`${found.length} found`);
}
