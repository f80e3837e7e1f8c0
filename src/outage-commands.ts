// `gotgan outage …`: what stood still when, as the operator records it, and what customers get back for it.
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import { type CreditLine, type ExclusionReason, exclusionReasons, type Incident, OutageRefused } from './outages/outages.ts';
import type { Doors, Worker } from './panel.ts';
import { LocalTime, minute } from './platform/clock.ts';
import { byteOrderMark, csvLine } from './platform/csv.ts';

type Open = (act: (panel: Worker) => Promise<void>) => Promise<void>;
type Say = (line: string) => void;
type Needs = Pick<Doors, 'outages' | 'choices' | 'clock'>;

const operator = { kind: 'operator' } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const mostListed = 200;

/** What `gotgan help` says of it. */
export const outageUsage = `gotgan outage add --server <name> [--site <name>]… --from <time> [--to <time>] [--restored] --cause <line> | --same-cause-as <id>
gotgan outage end <id> [--at <time>] [--restored]
                                 what stood still when; each customer's credit follows from the version of the SLA agreed to
gotgan outage exclude <id> --because maintenance|force-majeure|customer|network|authority --from <time> --to <time>
                                 [--announced <time>] --note <line>
                                 a part that does not count by section 6 of the SLA
gotgan outage withdraw <id> --reason <why>
gotgan outage list | tell <id>   outages recorded; writes to the customers of one now, and not a day after its end
gotgan outage credits [--month <YYYY-MM>] --to <file.csv>
                                 what each customer gets back for a month, for your bills`;

/** `gotgan outage <act>`, by act. */
export const outageCommands: Readonly<Record<string, (args: string[], withPanel: Open, say: Say) => Promise<void>>> = {
  add: (args, withPanel, say) => withPanel(({ doors }) => add(args, doors, say)),
  end: (args, withPanel, say) => withPanel(({ doors }) => end(args, doors, say)),
  exclude: (args, withPanel, say) => withPanel(({ doors }) => exclude(args, doors, say)),
  withdraw: (args, withPanel, say) => withPanel(({ doors }) => withdraw(args, doors, say)),
  list: (_args, withPanel, say) => withPanel(({ doors }) => list(doors, say)),
  tell: (args, withPanel, say) => withPanel(({ doors }) => tell(args, doors, say)),
  credits: (args, withPanel, say) => withPanel(({ doors }) => credits(args, doors, say)),
};

async function add(args: string[], doors: Needs, say: Say): Promise<void> {
  const options = { server: text, from: text, to: text, restored: flag, cause: text, 'same-cause-as': text } as const;
  const { values } = parseArgs({ args, options: { ...options, site: { ...text, multiple: true } } });
  const { server, from, to, restored = false, site: sites = [] } = values;
  if (!server || !from) throw new CommandRefused('outage add: --server and --from are needed');
  if ((values.cause === undefined) === (values['same-cause-as'] === undefined))
    throw new CommandRefused('outage add: --cause, a line that customers read, or --same-cause-as <id> is needed');
  await inWords('add', async () => {
    const cause = values.cause ?? (await doors.outages.causeOf(values['same-cause-as'] ?? ''));
    const times = { startedAt: momentOf(from, doors), endedAt: to === undefined ? null : momentOf(to, doors) };
    const added = await doors.outages.add({ server, sites, cause, restored, ...times }, operator);
    say(`${added.id}: ${added.sites} sites. ${to === undefined ? 'It lasts until gotgan outage end.' : laterLetters}`);
  });
}

const laterLetters = 'Customers to whom something is due are written to a day after its end, or by gotgan outage tell.';

async function end(args: string[], doors: Needs, say: Say): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { at: text, restored: flag } });
  const at = values.at === undefined ? doors.clock.now() : momentOf(values.at, doors);
  const id = idOf('end', positionals);
  const sites = await inWords('end', () => doors.outages.end(id, { at, restored: values.restored ?? false }, operator));
  say(`It has ended; ${sites} sites could not be used. ${laterLetters}`);
}

async function exclude(args: string[], doors: Needs, say: Say): Promise<void> {
  const options = { because: text, from: text, to: text, announced: text, note: text } as const;
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const { because, from, to, announced, note } = values;
  const id = idOf('exclude', positionals);
  if (!because || !from || !to || !note)
    throw new CommandRefused(`outage exclude: --because (${exclusionReasons.join(', ')}), --from, --to and --note are needed`);
  const announcedAt = announced === undefined ? null : momentOf(announced, doors);
  const times = { startedAt: momentOf(from, doors), endedAt: momentOf(to, doors), announcedAt };
  await inWords('exclude', () => doors.outages.exclude(id, { because: because as ExclusionReason, note, ...times }, operator));
  say('It is recorded. Customers see it with its note; the document sla says how much of it does not count.');
}

async function withdraw(args: string[], doors: Needs, say: Say): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { reason: text } });
  const id = idOf('withdraw', positionals);
  if (!values.reason) throw new CommandRefused('outage withdraw: --reason is needed');
  await inWords('withdraw', () => doors.outages.withdraw(id, values.reason ?? '', operator));
  say('It is withdrawn: customers do not see it any more, and nothing is due for it.');
}

async function tell(args: string[], doors: Needs, say: Say): Promise<void> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const id = idOf('tell', positionals);
  const { letters, failed } = await inWords('tell', () => doors.outages.tell(id));
  const again = failed > 0 ? ` ${failed} customers could not be written to, see the log; it is tried again every hour.` : '';
  say(`${letters} letters were written.${again}`);
}

async function list({ outages }: Needs, say: Say): Promise<void> {
  const all = await outages.list(mostListed);
  if (all.length === 0) say('No outage is recorded.');
  for (const one of all) {
    const span = `${iso(one.started_at)} .. ${one.ended_at === null ? 'lasts' : iso(one.ended_at)}`;
    const state = one.withdrawn_at !== null ? 'withdrawn' : one.told_at !== null ? 'told' : 'not told yet';
    const restored = one.restored === 1 ? ['restored'] : [];
    say([one.id, one.server, span, `${one.sites} sites`, `${one.customers} customers`, ...restored, state, one.cause].join('  '));
  }
}

const columns = [
  ...['month', 'customer', 'reference', 'site', 'plan', 'order', 'sla_version', 'agreed_at', 'monthly_fee_won'],
  ...['down_minutes', 'month_minutes', 'availability_percent', 'promised_percent', 'incidents'],
  ...['before_limit_won', 'limit_won', 'credit_won', 'calculation'],
];

/** `gotgan outage credits [--month YYYY-MM] --to <file>`: a line a site, for the company's bills. The file must not be there yet. */
async function credits(args: string[], doors: Needs, say: Say): Promise<void> {
  const { values } = parseArgs({ args, options: { month: text, to: text } });
  if (!values.to) throw new CommandRefused('outage credits: --to <file.csv> is needed');
  const month = values.month ?? new LocalTime(doors.choices.timeZone).day(doors.clock.now()).slice(0, 7);
  if (!/^20\d{2}-(0[1-9]|1[0-2])$/.test(month)) throw new CommandRefused('outage credits: --month is YYYY-MM');
  const file = await open(values.to, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new CommandRefused(`outage credits: ${values.to} cannot be made (${error.code})`);
  });
  let [lines, won] = [0, 0];
  try {
    await file.write(byteOrderMark + csvLine(columns));
    for await (const line of doors.outages.credits(month)) {
      await file.write(csvLine(cellsOf(line)));
      lines += 1;
      won += line.credit.won;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  say(`${month}: ${lines} sites, ${won} won in all, in ${values.to}`);
}

function cellsOf({ customerId, reference, site, contract, credit }: CreditLine): string[] {
  const { plan, order_id, sla_version, agreed_at, price_won, availability_percent } = contract;
  const { month, downMinutes, monthMinutes, availability, incidents, uncappedWon, mostWon, won } = credit;
  const agreed = agreed_at === null ? '' : iso(agreed_at);
  const down = [downMinutes, monthMinutes, availability.toFixed(4), availability_percent, incidents.length];
  return [
    ...[month, customerId, reference, site, plan, order_id, sla_version, agreed, String(price_won)],
    ...[...down, uncappedWon, mostWon, won].map(String),
    incidents.map(calculationOf).join('; '),
  ];
}

const calculationOf = ({ startedAt, priceWon, monthMinutes, minutes, rule, won }: Incident) =>
  minutes < rule.leastMinutes
    ? `${iso(startedAt)} ${minutes} min: less than ${rule.leastMinutes} min`
    : `${iso(startedAt)} ${priceWon} / ${monthMinutes} min * ${minutes} min * ${rule.times} = ${won}`;

const iso = (at: number) => new Date(at).toISOString();

function idOf(act: string, [id]: readonly string[]): string {
  if (!id) throw new CommandRefused(`outage ${act}: which one? gotgan outage list names them`);
  return id;
}

async function inWords<T>(act: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof OutageRefused) throw new CommandRefused(`outage ${act}: ${error.message}`);
    throw error;
  }
}

/** `2026-11-20T02:10:00+09:00`, or `2026-11-20 02:10` as clocks in the panel's zone show it. @throws CommandRefused */
function momentOf(given: string, { choices }: Pick<Needs, 'choices'>): number {
  const wrong = new CommandRefused(`${given}: a time is 2026-11-20T02:10:00+09:00, or "2026-11-20 02:10" in ${choices.timeZone}`);
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(given)) {
    const at = Date.parse(given);
    if (Number.isNaN(at)) throw wrong;
    return at;
  }
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})$/.exec(given) ?? [];
  const asUtc = Date.parse(`${day}T${time}:00Z`);
  if (day === undefined || Number.isNaN(asUtc)) throw wrong;
  const local = new LocalTime(choices.timeZone);
  // Clocks differ from UTC by quarters of an hour: the first moment that shows this time is meant.
  for (let at = asUtc - 14 * 60 * minute; at <= asUtc + 14 * 60 * minute; at += 15 * minute)
    if (local.day(at) === day && local.time(at) === time) return at;
  throw wrong;
}
