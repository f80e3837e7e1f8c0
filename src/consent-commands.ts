// `gotgan consent …`, and what the worker does for the ledger: looks whether it holds, and says outside where it ends.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { billingCommand } from './billing-commands.ts';
import { type Anchor, anchorIn, anchorLine } from './consent/consent.ts';
import { CommandRefused } from './import-commands.ts';
import { ordersCommand } from './order-commands.ts';
import type { Doors, Worker } from './panel.ts';
import { day, hour } from './platform/clock.ts';
import { termsCommand } from './terms-commands.ts';

type WithPanel = (act: (panel: Worker) => Promise<void>) => Promise<void>;

/** `gotgan consent`, `orders` and `terms`: what is agreed to, for what, and in which words. */
export function agreementCommands(withPanel: WithPanel, say: (line: string) => void) {
  return {
    consent: (args: string[]) => withPanel(({ doors }) => consentCommand(args, doors, say)),
    orders: (args: string[]) => withPanel(async ({ doors }) => say(await ordersCommand(args, doors))),
    billing: (args: string[]) => withPanel(async ({ doors }) => say(await billingCommand(args, doors))),
    terms: (args: string[]) => withPanel(({ doors }) => termsCommand(args, doors, say)),
  };
}

/** `consent verify [--anchors <file>]`, `consent anchor`. @throws CommandRefused with what does not hold */
export async function consentCommand(args: string[], doors: Pick<Doors, 'consent'>, say: (line: string) => void): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { anchors: { type: 'string' } } });
  const { ledger } = doors.consent;
  if (positionals[0] === 'anchor') {
    const anchor = (await ledger.anchor()) ?? (await ledger.lastAnchor());
    if (!anchor) throw new CommandRefused('consent anchor: nobody has agreed to anything yet');
    return say(anchorLine(anchor));
  }
  if (positionals[0] !== 'verify') throw new CommandRefused('consent: verify or anchor is needed');
  const given = values.anchors === undefined ? [] : await anchorsOf(values.anchors);
  const begun = performance.now();
  const { links, anchors, faults } = await ledger.verify(given);
  const seconds = (performance.now() - begun) / 1000;
  for (const fault of faults) say(fault);
  if (faults.length > 0) throw new CommandRefused(`The ledger does not hold: ${faults.length} faults (at most 20 are told).`);
  say(`${links} rows in ${seconds.toFixed(1)} s, ${anchors} anchors: nothing was changed, removed or slipped in.`);
}

/** @returns every anchor in a file, such as a log that was sent elsewhere. @throws CommandRefused when there is none */
async function anchorsOf(file: string): Promise<Anchor[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandRefused(`${file}: cannot be read (${error.code})`);
  });
  const anchors = text.split('\n').flatMap((line) => anchorIn(line) ?? []);
  if (anchors.length === 0) throw new CommandRefused(`${file}: no anchor stands in it`);
  return anchors;
}

/** Into the log, which a careful company collects on another machine. */
export async function anchorLedger({ consent, log }: Pick<Doors, 'consent' | 'log'>): Promise<void> {
  const anchor = await consent.ledger.anchor();
  if (anchor) log.info({ anchor: anchorLine(anchor) }, 'the ledger of consents ends here');
}

/** A ledger that does not hold is nothing the panel can mend: it tells, as loudly as a log can. */
export async function verifyLedger({ consent, log }: Pick<Doors, 'consent' | 'log'>): Promise<void> {
  const { faults } = await consent.ledger.verify();
  for (const fault of faults) log.error({ fault }, 'the ledger of consents does not hold');
}

/** Of the timetable (jobs.ts): the ledger is anchored and looked at, and customers are written to before a document changes. */
export function consentAppointments(doors: Pick<Doors, 'consent' | 'accounts' | 'log'>) {
  const { announcements } = doors.accounts.agreements;
  return [
    { name: 'ledger.anchor', everyMilliseconds: hour, keep: () => anchorLedger(doors) },
    { name: 'ledger.verify', everyMilliseconds: day, keep: () => verifyLedger(doors) },
    { name: 'accounts.announce', everyMilliseconds: hour, keep: async () => void (await announcements.send()) },
  ];
}
