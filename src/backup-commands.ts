// `gotgan backup …`: what an operator does about backups at a terminal.
import { parseArgs } from 'node:util';
import { type NightLine, type NightReport, planBy } from './backups/backups.ts';
import { CommandRefused } from './import-commands.ts';
import { catalogues } from './messages/catalogue.ts';
import type { Doors, Worker } from './panel.ts';
import { pullCommands } from './pull-commands.ts';
import { watchOnce } from './watch.ts';

type Say = (line: string) => void;
type WithPanel = (act: (panel: Worker) => Promise<void>) => Promise<void>;

const mostListed = 100;

/** By the word after `gotgan backup`. */
export const backupCommands: Readonly<Record<string, (args: string[], withPanel: WithPanel, say: Say) => Promise<void>>> = {
  run: async (args, withPanel, say) => {
    const name = siteOf('run', args);
    await withPanel(async ({ doors: { backups, sites } }) => say(await backups.runNow(await sites.byName(name))));
  },
  prove: async (args, withPanel, say) => {
    const name = siteOf('prove', args);
    await withPanel(({ doors }) => prove(name, doors, say));
  },
  watch: (_args, withPanel, say) => withPanel(({ doors }) => watch(doors, say)),
  coverage: (_args, withPanel, say) => withPanel(({ doors }) => coverage(doors, say)),
  ...pullCommands,
  plan: async (args, withPanel, say) => {
    const asked = sitesOf(args);
    await withPanel(async ({ doors }) => sayPlan(await doors.backups.nights.report(), asked, say));
  },
};

function siteOf(act: string, args: string[]): string {
  const { values } = parseArgs({ args, options: { site: { type: 'string' } } });
  if (!values.site) throw new CommandRefused(`backup ${act}: a site is needed: --site <name>`);
  return values.site;
}

/** @throws CommandRefused with the reason when nothing was proven */
async function prove(name: string, { backups, sites }: Doors, say: Say): Promise<void> {
  const site = await sites.byName(name);
  const { outcome, reason } = await backups.drills.now(site);
  if (outcome !== 'proven') throw new CommandRefused(`${name}: ${outcome}: ${inWords(reason)}`);
  say(`${name}: its newest good backup was restored into an empty place; everything is as recorded.`);
}

/** @throws CommandRefused while there is something to do: cron and systemd then say so */
async function watch(doors: Doors, say: Say): Promise<void> {
  const { workerSeenAt, isSilent, overdueSites } = await watchOnce(doors);
  const seen = workerSeenAt === undefined ? 'never' : new Date(workerSeenAt).toISOString();
  const line = `worker last seen: ${seen}; sites without a good backup for 26 hours: ${overdueSites}`;
  if (isSilent || overdueSites > 0) throw new CommandRefused(`${isSilent ? 'The worker is silent. ' : ''}${line}`);
  say(line);
}

async function coverage({ backups }: Doors, say: Say): Promise<void> {
  const { open, proven, uncovered } = await backups.drills.coverage(mostListed);
  say(`Restored in a drill within 35 days: ${proven} of ${open} sites.`);
  for (const { name, provenAt, reason } of uncovered) {
    const last = provenAt === null ? 'never' : `last ${new Date(provenAt).toISOString().slice(0, 10)}`;
    say(`${name.padEnd(32)} ${last}${reason === null ? '' : `: ${inWords(reason)}`}`);
  }
  if (open - proven > uncovered.length) say(`and ${open - proven - uncovered.length} more`);
}

/** @returns how many sites are asked about; undefined: those that are open */
function sitesOf(args: string[]): number | undefined {
  const { values } = parseArgs({ args, options: { sites: { type: 'string' } } });
  if (values.sites === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(values.sites)) throw new CommandRefused('backup plan: --sites takes a number of sites');
  return Number(values.sites);
}

function sayPlan({ window, atOnce, perServer, sites, nights }: NightReport, asked: number | undefined, say: Say): void {
  const end = window.until === undefined ? 'until the next night begins' : `to ${window.until}`;
  say(`Window: ${window.from} ${end} (${window.zone}), ${window.hours.toFixed(1)} h.`);
  say(`At the same time: ${atOnce} in all, ${perServer} of one server; each worker makes one.`);
  for (const night of nights) say(nightInWords(night));
  const wanted = asked ?? sites;
  const pace = nights.find(({ waiting, underWay }) => waiting + underWay === 0) ?? nights[0];
  const plan = pace && planBy(pace, { sites: wanted, hours: window.hours });
  if (!pace || !plan) {
    say('No night has been made that tells how long the next one takes.');
    return;
  }
  say(
    `At the pace of ${pace.day}, ${plan.sitesAnHour.toFixed(0)} sites an hour, ${wanted} sites take ${plan.hours.toFixed(2)} h.`,
  );
  if (plan.leftOver > 0)
    say(`The window is too short: about ${plan.leftOver} sites would find no place. Add workers, or make it longer.`);
  else say('They fit into the window.');
}

function nightInWords({ day, sites, good, failed, unchecked, underWay, waiting, leftOver, bytes }: NightLine): string {
  const counts = { failed, 'not checked yet': unchecked, 'under way': underWay, waiting, 'without a place': leftOver };
  const more = Object.entries(counts).filter(([, count]) => count > 0);
  const rest = more.map(([what, count]) => `, ${count} ${what}`).join('');
  return `${day}: ${good} of ${sites} sites made and checked, ${(bytes / 1e9).toFixed(1)} GB${rest}.`;
}

function inWords(reason: string | null): string {
  const sentence = reason === null ? undefined : catalogues.en[reason];
  return typeof sentence === 'string' ? sentence : 'no reason is known';
}
