// What an operator does with servers: `gotgan server …`.
import { prepareDatabaseCommand } from './database-commands.ts';
import type { Worker } from './panel.ts';

type Open = (act: (panel: Worker) => Promise<void>) => Promise<void>;

/** `gotgan server <act>`, by act. */
export const serverCommands: Readonly<Record<string, (args: string[], withPanel: Open) => Promise<void>>> = {
  'prepare-database': (args, withPanel) => withPanel(({ doors }) => prepareDatabaseCommand(args, doors, console.log)),
};
