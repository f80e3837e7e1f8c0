// `gotgan accounts …`: what an operator does to people's accounts.
import { parseArgs } from 'node:util';
import { suspectCommand } from './defence-commands.ts';
import { CommandRefused, findCommand, importCommand } from './import-commands.ts';
import type { Worker } from './panel.ts';

type WithPanel = (act: (panel: Worker) => Promise<void>) => Promise<void>;

/** Each is told its arguments, and how to open the panel. */
export const accountCommands: Readonly<Record<string, (args: string[], withPanel: WithPanel) => Promise<void>>> = {
  import: (args, withPanel) => withPanel(({ doors }) => importCommand(args, doors, console.log)),
  find: (args, withPanel) => withPanel(({ doors }) => findCommand(args, doors, console.log)),
  suspect: (args, withPanel) => withPanel(async ({ doors }) => console.log(await suspectCommand(args, doors))),
  'end-sessions': async (args, withPanel) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { all: { type: 'boolean' } } });
    const [name] = positionals;
    if ((name === undefined) === (values.all !== true))
      throw new CommandRefused('accounts end-sessions: whose? Give one login name, or --all');
    await withPanel(async ({ doors: { signIn } }) => console.log(`${await signIn.own.endByOperator(name)} sessions ended`));
  },
  'lost-mailbox': async (args, withPanel) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { to: { type: 'string' } } });
    const [name] = positionals;
    if (!name || !values.to)
      throw new CommandRefused('accounts lost-mailbox: whose, and to which address? Give a login name and --to <address>');
    const { to } = values;
    await withPanel(async ({ doors: { signIn } }) => {
      const from = await signIn.addressChanges.askForLostMailbox(name, to);
      console.log(
        `Both mailboxes are told by letter. Unless the old one objects, the new one can confirm from ${new Date(from).toISOString()} on.`,
      );
    });
  },
  'lost-factor': async (args, withPanel) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { 'asked-by': { type: 'string' }, reason: { type: 'string' }, withdraw: { type: 'boolean' } },
    });
    const [name] = positionals;
    if (!name) throw new CommandRefused('accounts lost-factor: whose? Give a login name or an id');
    await withPanel(async ({ doors: { signIn } }) => {
      if (values.withdraw) {
        await signIn.lostFactors.withdraw(name);
        return console.log('Taken back: nothing is removed. The person is told by letter.');
      }
      const asked = { askedBy: values['asked-by'] ?? '', reason: values.reason ?? '' };
      const endsAt = await signIn.lostFactors.begin(name, asked);
      console.log(
        `The person is told by letter. Unless they stop it or sign in with a factor, all second factors are removed after ${new Date(endsAt).toISOString()}.`,
      );
    });
  },
};
