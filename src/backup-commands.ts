// `gotgan backup …`: what an operator does about backups at a terminal.
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import { catalogues } from './messages/catalogue.ts';
import type { Doors, Worker } from './panel.ts';

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
  coverage: (_args, withPanel, say) => withPanel(({ doors }) => coverage(doors, say)),
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

async function coverage({ backups }: Doors, say: Say): Promise<void> {
  const { open, proven, uncovered } = await backups.drills.coverage(mostListed);
  say(`Restored in a drill within 35 days: ${proven} of ${open} sites.`);
  for (const { name, provenAt, reason } of uncovered) {
    const last = provenAt === null ? 'never' : `last ${new Date(provenAt).toISOString().slice(0, 10)}`;
    say(`${name.padEnd(32)} ${last}${reason === null ? '' : `: ${inWords(reason)}`}`);
  }
  if (open - proven > uncovered.length) say(`and ${open - proven - uncovered.length} more`);
}

function inWords(reason: string | null): string {
  const sentence = reason === null ? undefined : catalogues.en[reason];
  return typeof sentence === 'string' ? sentence : 'no reason is known';
}
