// `gotgan evidence …`: one customer's bundle for a dispute, and the key that it is signed with.
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import type { Doors, Worker } from './panel.ts';
import { whenMissing } from './platform/errors.ts';

type Open = (act: (panel: Worker) => Promise<void>) => Promise<void>;
type Say = (line: string) => void;

const operator = { kind: 'operator' } as const;
const text = { type: 'string' } as const;

/** What `gotgan help` says of it. */
export const evidenceUsage = `gotgan evidence export --customer <id> | --site <name> --to <file.zip>
                                 what a dispute about one customer asks for, signed; docs/evidence.md
gotgan evidence key              the public key that signs bundles and receipts`;

/** `gotgan evidence <act>`, by act. */
export const evidenceCommands: Readonly<Record<string, (args: string[], withPanel: Open, say: Say) => Promise<void>>> = {
  export: (args, withPanel, say) => withPanel(({ doors }) => exported(args, doors, say)),
  key: (args, withPanel, say) => {
    parseArgs({ args });
    return withPanel(async ({ doors: { evidence } }) => say(`${evidence.key.name} ${evidence.key.publicKey}`));
  },
};

async function exported(args: string[], doors: Doors, say: Say): Promise<void> {
  const { values } = parseArgs({ args, options: { customer: text, site: text, to: text } });
  const { customer, site, to } = values;
  if ((customer === undefined) === (site === undefined) || !to)
    throw new CommandRefused('evidence export: --customer <id> or --site <name>, and --to <file.zip> are needed');
  const customerId = customer ?? (await doors.sites.byName(site ?? '').catch(whenMissing))?.customerId;
  // A customer who was never here has no place in it.
  const known = customerId !== undefined && (await doors.accounts.memberships.ofCustomer(customerId)).length > 0;
  if (!known) throw new CommandRefused(`evidence export: there is no customer ${customer ?? `of the site ${site}`}`);
  const { sha256, bytes, rows, faults } = await doors.evidence.export(customerId, to, operator).catch((error) => {
    if (error?.code === undefined) throw error;
    throw new CommandRefused(`evidence export: ${to} cannot be written (${error.code})`);
  });
  say(`${to}: ${rows} rows, ${bytes} bytes, SHA-256 ${sha256}`);
  for (const fault of faults) say(`FAULT of the ledger: ${fault}`);
  if (faults.length > 0) say('The bundle says so as well. gotgan consent verify tells all of it.');
}
