// `gotgan backup-host …`: what an operator does on a backup host, and `gotgan work --role backup`.
import { parseArgs } from 'node:util';
import { hostChoices, hostPlaces, hostRound, openHost, workAsHost } from './backup-host.ts';
import { CommandRefused } from './import-commands.ts';
import { OptionsError } from './options.ts';
import { day } from './platform/clock.ts';
import { publicKeyOf } from './platform/ssh/key-file.ts';
import { pullBlock, pullFaults, pullKeyLine } from './platform/ssh/pull-sshd-config.ts';
import { toldFault } from './pulls/host.ts';

type Say = (line: string) => void;

export const backupHostUsage = `gotgan work --role backup [--once]
                                 a backup host: comes for backups by itself; docs/backup-host.md
gotgan backup-host key           the public half of its key for web servers, made when there is none
gotgan backup-host sshd-config --user <name> --from <address> [--key-file] [--no-chroot] [--staging]
                                 what the sshd of a web server needs so that this host may read, or the panel's, so that it may lay in staging
gotgan backup-host list          what lies here, site by site, and which erasures wait`;

/** `gotgan work --role backup`. */
export async function workAsBackupHost(once: boolean, signal: () => AbortSignal, say: Say): Promise<void> {
  const choices = hostChoices(process.env);
  if (!once) return workAsHost(choices, signal());
  const { pulled, failed, staged, erased, waiting } = await hostRound(choices, new AbortController().signal).catch((error) => {
    if (error instanceof OptionsError) throw error;
    const { code, says } = toldFault(error);
    throw new CommandRefused(`the round could not be done: ${code}${says === '' ? '' : `: ${says}`} (docs/backup-host.md)`);
  });
  say(`${pulled} pulled, ${failed} failed, ${staged} staged, ${erased} sites erased, ${waiting} erasures wait for the floor`);
}

const dataFolder = () => process.env.DATA_DIR || 'data';

/** By the word after `gotgan backup-host`. */
export const backupHostCommands: Readonly<Record<string, (args: string[], say: Say) => Promise<void>>> = {
  key: async (args, say) => {
    parseArgs({ args });
    say(await publicKeyOf(hostPlaces(dataFolder()).key));
  },
  'sshd-config': async (args, say) => {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    const options = {
      user: text,
      from: { type: 'string', multiple: true },
      'key-file': { type: 'string', default: '/etc/ssh/gotgan-backup-host.keys' },
      ...{ 'no-chroot': flag, staging: flag },
    } as const;
    const { values } = parseArgs({ args, options });
    const places = {
      user: values.user ?? '',
      from: values.from ?? [],
      keyFile: values['key-file'],
      publicKey: await publicKeyOf(hostPlaces(dataFolder()).key),
      isChrooted: !values['no-chroot'],
      writes: values.staging,
    };
    const faults = pullFaults(places);
    if (faults.length > 0) throw new CommandRefused(faults.map((fault) => `backup-host sshd-config: ${fault}`).join('\n'));
    say(
      `${pullBlock(places)}# ${places.keyFile} (root's, mode 0644) holds this line without the mark before it:\n#${pullKeyLine(places)}`,
    );
  },
  list: async (args, say) => {
    parseArgs({ args });
    const { ledger, tier } = await openHost(hostChoices(process.env));
    for (const siteId of await ledger.sites()) {
      const { copies, erasureSince } = await ledger.notes(siteId);
      const held = await tier.list(siteId, new AbortController().signal);
      const days = (at: number) => Math.floor((ledger.now() - at) / day);
      const asked = erasureSince === null ? '' : `  erasure asked for ${days(erasureSince)} days ago`;
      say(`${siteId}  ${held.length} copies${asked}`);
      for (const { backupId, dataAt } of held.toSorted((one, other) => other.dataAt - one.dataAt)) {
        const kept = copies[backupId];
        say(`  ${backupId}  data of ${new Date(dataAt).toISOString()}  here for ${kept === undefined ? 0 : days(kept)} days`);
      }
    }
  },
};
