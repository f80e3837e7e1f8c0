// `gotgan orders place`: an order by the operator. It waits for the customer's consent, like one that comes from the company's billing.
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';

/** @throws CommandRefused when something is missing, PanelError 404 for a customer that is not there, Invalid for a plan that may not be chosen */
export async function ordersCommand(args: string[], doors: Pick<Doors, 'contracts' | 'accounts' | 'sites'>): Promise<string> {
  const text = { type: 'string' } as const;
  const options = { site: text, reference: text, plan: text, reason: text };
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const { site, reference, plan, reason = '' } = values;
  const usage = 'orders place: --plan <name>, --reason <why>, and --reference <number> or --site <name> of the customer';
  if (positionals[0] !== 'place' || !plan || reason.trim() === '' || Boolean(site) === Boolean(reference))
    throw new CommandRefused(usage);
  const { restrictions } = doors.accounts;
  const customerId = site ? (await doors.sites.byName(site)).customerId : await restrictions.byReference(reference ?? '');
  const { id } = await doors.contracts.placeFor(customerId, { plan, reason: reason.trim() });
  return `Order ${id} waits for the customer's consent; they were written to. A site comes with it once they have agreed.`;
}
