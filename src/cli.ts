// The commands but `work`, thin: each reads the environment, asks the panel, and says what came of it.
import { parseArgs } from 'node:util';
import { accountCommands } from './account-commands.ts';
import { places } from './adapters.ts';
import { backupCommands } from './backup-commands.ts';
import { backupHostCommands, backupHostUsage } from './backup-host-commands.ts';
import { billingUsage } from './billing-commands.ts';
import { tryAll, tryHelpers, tryTiers } from './check.ts';
import { allCustomersCommand, closingUsage } from './closing-commands.ts';
import { configurationDocument, configurationInUse } from './configuration.ts';
import { agreementCommands } from './consent-commands.ts';
import { evidenceCommands, evidenceUsage } from './evidence-commands.ts';
import { ftpServerCommands, ftpServerUsage } from './ftp-server-commands.ts';
import { checkGoLive, mayServe } from './go-live.ts';
import { checkPages, pagesAsked } from './homepage-command.ts';
import { CommandRefused } from './import-commands.ts';
import { keysCommand } from './keys-command.ts';
import { catalogues } from './messages/catalogue.ts';
import { MoveRefused, move } from './move.ts';
import { fromEnvironment, open, withPanel } from './opening.ts';
import { chosen, OptionsError } from './options.ts';
import { outageCommands, outageUsage } from './outage-commands.ts';
import { createPanel } from './panel.ts';
import { databaseFault } from './platform/database/faults.ts';
import { Invalid, PanelError } from './platform/errors.ts';
import { serve } from './serve.ts';
import { serverCommands } from './server-commands.ts';
import { siteCommands } from './site-commands.ts';
import { sshCommands } from './ssh-commands.ts';
import { webServerCommand } from './web-server-commands.ts';

const usage = `gotgan serve [--no-worker]       the panel, with one worker or with none
gotgan work [--once]             a worker alone; --once does what is due now and ends
gotgan migrate                   brings the database up to date
gotgan migrate --to <database>   copies everything into an empty database of the other engine
gotgan config [--document]       the configuration in use, secrets hidden
gotgan check                     tries everything the panel needs and starts nothing; faults with the clause they are against
gotgan check --go-live           the same, and whether customers may come: officers, backup locations, SLA, documents
gotgan check [--homepage <address>] [--product <address> [--plan <plan>]]
                                 whether the panel's blocks stand on your own pages as they are today; docs/blocks.md
gotgan backup run --site <name>  makes and checks a backup now
gotgan backup prove --site <name>
                                 restores its newest good backup into an empty place and compares everything
gotgan backup plan [--sites <n>]  the window of the nightly backups, the last nights, and by their pace whether all sites fit
gotgan backup watch              tells customers and operator when no worker does, for cron or a timer; ends with 1 while there is something to do
gotgan backup coverage           of how many sites a backup was restored so within 35 days, and which are missing
gotgan backup pulls [--last <number>]   connections that backup hosts opened, with both times, and when each was last here
gotgan backup fetch --site <name> --day <YYYY-MM-DD>
                                 asks a backup host for an archive that is not here any more
gotgan backup host-role --tier short-term|long-term --password-file <file> [--role <name>]
                                 prints the SQL of a backup host's role in PostgreSQL; the password is made where the file is not there
${backupHostUsage}
gotgan accounts import <file> [--dry-run]   customers of another panel, from a CSV file; --undo <id> takes them back
gotgan accounts find [--domain <name>] [--reference <text>] [--phone-last4 <digits>]   customers, for support
gotgan consent verify [--anchors <file>] | anchor   whether the ledger of consents holds · a signed line that says where it ends, to be kept elsewhere
gotgan orders place --reference <number> | --site <name> --plan <name> --reason <why>   an order that waits for the customer's consent
${billingUsage}
gotgan terms publish <document> | list   a version of a document, looked at first (told how without more words) · every version there is
gotgan keys rotate               writes everything anew that a secret of before has sealed
gotgan accounts end-sessions <login name> | --all
                                 signs one person out everywhere, or everybody
gotgan accounts lost-mailbox <login name> --to <address>
                                 another address for somebody who can no longer read their mail, after seven days
gotgan accounts lost-factor <address or id> --asked-by <who> --reason <why>
                                 removes a person's second factors after a waiting time in which they are told by letter and can stop it
gotgan accounts lost-factor <address or id> --withdraw
                                 takes that back
gotgan accounts suspect <file>   closes the passwords of the accounts listed, one a line, until each owner sets a new one by letter
gotgan customers restrict --site <name>|--reference <number> --reason unpaid|authority|security|terms
gotgan customers lift --site <name>|--reference <number>
                                 what a restricted customer may still do: look, download, ask, leave
${closingUsage}
gotgan server add <name> --group web|ssh --host folders|unix|command [--storage <folder>] [--command <JSON array>]
                                 [--address <name> --host-key SHA256:… [--ssh-port 22] [--ssh-user gotgan]]
                                 [--ftp-host <name>] [--ftp-port <number>] [--ftp-log <file>] [--ftp-fingerprint <SHA-256>]
                                 a server for sites, once it has answered; docs/servers.md
gotgan server list               servers with their sites and their health, and sites that their server failed at
gotgan server key                the public half of the panel's key for other servers, made when there is none
gotgan server reach <name> [--address] [--ssh-port] [--ssh-user] [--host-key SHA256:…]…
                                 how another server is reached from now on, once it has answered so
gotgan server drain <name> [--back]
                                 no new site is put there; those that are there stay
gotgan site suspend <site> --reason unpaid|authority|security|terms
gotgan site resume <site>
                                 takes a site from the web, and gives it back with the files it had
gotgan site move <site> --to <server> | --back [--keep-days <days>] [--even-drained] [--no-wait]
                                 moves a site with its databases to another server; --back to where its old place is still kept
gotgan site moves [--all]        sites that are being moved, and old places that are kept
gotgan ssh list                  requests for SSH that wait, and access in force
gotgan ssh approve <id> | refuse <id> --reason <why> | end <id>
                                 access is given only on servers of the group ssh, to who has agreed to the notice in force
gotgan server sshd-config --key <file.pub> --from <address> [--group] [--user] [--program] [--database <address:port>] [--key-file] [--customers]
                                 what the sshd of a server with sites needs, so that the panel reaches each as its own user;
                                 --customers on one where customers come in by SSH too
gotgan server prepare-database <server> --engine mariadb|postgresql [--admin <file>|-] [--site-host <address>] [--accounts <prefix>]
                                 makes databases possible on a server; the administrator's URL from the file, standard input or DATABASE_ADMIN_URL
gotgan site folders <site> [--upload <path> [--as gnuboard|wordpress|rhymix|plain]] [--program <path>]
                                 which folders below www/ take uploads only: there nothing runs, is let in or left untold
gotgan webserver nginx|apache [--common] [--site <name>]
                                 prints what web servers are told of those folders; docs/webserver.md
gotgan webserver nginx --archives
                                 prints how the nginx in front of the panel sends archives itself (ACCEL_ARCHIVES)
gotgan site quarantine <site> [--restore <id> --reason <why>]
                                 what was taken out of a site, and how it gets back
${outageUsage}
${evidenceUsage}
${ftpServerUsage}
gotgan passwords import <file>   takes a sorted list of SHA-1 digests of breached passwords, which nobody may choose`;

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  const [command = '', ...rest] = args;
  try {
    const act = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (!act) {
      console.error(usage);
      return command === 'help' || command === '--help' ? 0 : 2;
    }
    await act(rest);
    return 0;
  } catch (error) {
    console.error(inWords(error));
    return 1;
  }
}

/** @returns what a person is told of a fault that ended a command */
export function inWords(error: unknown): string {
  if (error instanceof OptionsError)
    return error.faults.map(({ setting, wrong, todo }) => `${setting}: ${wrong}. ${todo}.`).join('\n');
  if (error instanceof MoveRefused || error instanceof CommandRefused) return error.message;
  // A database that went while a command began is no bug of ours, and wants no stack.
  const known = databaseFault(error) ?? error;
  if (known instanceof PanelError) {
    const [fault] = known instanceof Invalid ? Object.values(known.fields).flat() : [];
    const sentence = catalogues.en[fault?.key ?? known.key];
    return typeof sentence === 'string' ? sentence : known.key;
  }
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return `${error.message}\n${usage}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  serve: async (args) => {
    const { values } = parseArgs({ args, options: { 'no-worker': { type: 'boolean' } } });
    const { panel, at, whole } = await open(createPanel, { port: true });
    const warnings = await mayServe(panel, process.env);
    await serve(panel, { ...at, worker: !values['no-worker'] }, () => {
      console.log(`곳간 Gotgan: ${whole.publicUrl}`);
      for (const line of [...configurationInUse(whole, process.env).warnings, ...warnings]) console.log(line);
      // Not waited for: a mail server that is gone must not keep the pages away.
      void tryHelpers(panel.doors).then((warnings) => warnings.forEach((line) => void panel.doors.log.warn(line)));
    });
  },
  migrate: async (args) => {
    const { values } = parseArgs({ args, options: { to: { type: 'string' } } });
    if (values.to === undefined) return withPanel(async () => console.log('The database is up to date.'));
    const { choices } = fromEnvironment();
    chosen({ publicUrl: choices.publicUrl, secret: choices.secret, databaseUrl: values.to });
    await move(places(choices).databaseUrl, values.to, console.log);
    console.log(
      'Everything was copied and compared; the old database is as it was. Now set DATABASE_URL to what you named with --to,\n' +
        'leave SECRET, DATA_DIR and every other setting as they are, and start the panel.',
    );
  },
  check: async (args) => {
    const pages = pagesAsked(args);
    if (pages) return withPanel(async ({ doors }) => checkPages(pages, doors, console.log));
    const { options, choices } = fromEnvironment();
    await tryAll(choices);
    await tryTiers(choices);
    if (args.includes('--go-live')) await withPanel(({ doors }) => checkGoLive(doors, console.log), true);
    for (const line of configurationInUse(options, process.env).warnings) console.log(line);
    console.log('No fault was found.');
  },
  config: async (args) => {
    const { values } = parseArgs({ args, options: { document: { type: 'boolean' } } });
    if (values.document) return void process.stdout.write(configurationDocument());
    const { lines, warnings } = configurationInUse(fromEnvironment().options, process.env);
    console.log([...lines, '', ...warnings].join('\n'));
  },
  backup: async ([act = '', ...args]) => {
    const given = Object.hasOwn(backupCommands, act) ? backupCommands[act] : undefined;
    if (!given) throw new CommandRefused(`backup: one of ${Object.keys(backupCommands).join(', ')} is needed`);
    await given(args, withPanel, console.log);
  },
  'backup-host': async ([act = '', ...args]) => {
    const given = Object.hasOwn(backupHostCommands, act) ? backupHostCommands[act] : undefined;
    if (!given) throw new CommandRefused(`backup-host: one of ${Object.keys(backupHostCommands).join(', ')} is needed`);
    await given(args, console.log);
  },
  ...agreementCommands(withPanel, console.log),
  keys: (args) => withPanel(({ doors }) => keysCommand(args, doors, console.log)),
  accounts: async ([act = '', ...args]) => {
    const given = Object.hasOwn(accountCommands, act) ? accountCommands[act] : undefined;
    if (!given) throw new CommandRefused(`accounts: one of ${Object.keys(accountCommands).join(', ')} is needed`);
    await given(args, withPanel);
  },
  evidence: async ([act = '', ...args]) => {
    const given = Object.hasOwn(evidenceCommands, act) ? evidenceCommands[act] : undefined;
    if (!given) throw new CommandRefused(`evidence: one of ${Object.keys(evidenceCommands).join(', ')} is needed`);
    await given(args, withPanel, console.log);
  },
  outage: async ([act = '', ...args]) => {
    const given = Object.hasOwn(outageCommands, act) ? outageCommands[act] : undefined;
    if (!given) throw new CommandRefused(`outage: one of ${Object.keys(outageCommands).join(', ')} is needed`);
    await given(args, withPanel, console.log);
  },
  server: async ([act = '', ...args]) => {
    const given = Object.hasOwn(serverCommands, act) ? serverCommands[act] : undefined;
    if (!given) throw new CommandRefused(`server: one of ${Object.keys(serverCommands).join(', ')} is needed`);
    await given(args, withPanel, console.log);
  },
  site: async ([act = '', ...args]) => {
    const given = Object.hasOwn(siteCommands, act) ? siteCommands[act] : undefined;
    if (!given) throw new CommandRefused(`site: one of ${Object.keys(siteCommands).join(', ')} is needed`);
    await given(args, withPanel);
  },
  ssh: async ([act = '', ...args]) => {
    const given = Object.hasOwn(sshCommands, act) ? sshCommands[act] : undefined;
    if (!given) throw new CommandRefused(`ssh: one of ${Object.keys(sshCommands).join(', ')} is needed`);
    await given(args, withPanel, console.log);
  },
  'ftp-server': async ([act = '', ...args]) => {
    const given = Object.hasOwn(ftpServerCommands, act) ? ftpServerCommands[act] : undefined;
    if (!given) throw new CommandRefused(ftpServerUsage);
    process.stdout.write(await given(args, fromEnvironment().choices));
  },
  webserver: (args) => withPanel(async ({ doors }) => void process.stdout.write(await webServerCommand(args, doors))),
  customers: (args) => withPanel(async ({ doors }) => console.log(await allCustomersCommand(args, doors))),
  passwords: async (args) => {
    const [act, file] = parseArgs({ args, allowPositionals: true }).positionals;
    if (act !== 'import' || !file) throw new CommandRefused(`passwords: a file to import is needed\n${usage}`);
    await withPanel(async ({ doors }) =>
      console.log(`${await doors.breachedPasswords.import(file)} breached passwords are known`),
    );
  },
};
