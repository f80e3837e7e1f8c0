// `gotgan keys …`: what an operator does after changing the secret.
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import { rotateKeys } from './keys.ts';
import type { Doors } from './panel.ts';

/** `keys rotate` @throws CommandRefused when something is left: OLD_SECRETS must stay */
export async function keysCommand(args: readonly string[], doors: Doors, say: (line: string) => void): Promise<void> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
  if (positionals[0] !== 'rotate') throw new CommandRefused('keys: rotate is needed');
  const { unreadable, left } = await rotateKeys(doors, say);
  for (const place of unreadable) say(`${place}: no secret opens it; it stays as it is`);
  if (left > 0)
    throw new CommandRefused(
      `${left} rows are still sealed with a secret of before. Keep OLD_SECRETS, make sure that every process was started anew, and run this again.`,
    );
  say('Nothing is sealed with a secret of before any more: OLD_SECRETS may go.');
}
