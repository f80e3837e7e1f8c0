// What an operator does with servers: `gotgan server …`.
import type { Worker } from './panel.ts';
import { sshdCommand } from './sshd-command.ts';

type Open = (act: (panel: Worker) => Promise<void>) => Promise<void>;

/** `gotgan server <act>`, by act. */
export const serverCommands: Readonly<Record<string, (args: string[], withPanel: Open) => Promise<void>>> = {
  'sshd-config': (args) => sshdCommand(args, (text) => void process.stdout.write(`${text}\n`)),
};
