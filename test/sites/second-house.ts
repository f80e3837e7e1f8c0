// A panel with a second server in a network of its own, which it reaches over SSH alone, and an operator at its commands.
import { ftpServerCommands } from '../../src/ftp-server-commands.ts';
import { StoppedClock } from '../../src/platform/clock.ts';
import { serverCommands } from '../../src/server-commands.ts';
import { moveCommand } from '../../src/site-move-commands.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { SecondServer } from '../support/second-server.ts';

export type SecondHouse = {
  readonly house: TestPanel;
  readonly second: SecondServer;
  /** somebody who has not signed up yet */
  readonly owner: Visitor;
  /** Types `gotgan server …`, `gotgan ftp-server …` or `gotgan site move …`. @returns what it printed */
  gotgan(...words: string[]): Promise<string>;
  /** @returns how the server is reached, as `gotgan server add` takes it */
  reached(): Promise<string[]>;
  /** A job that failed comes again after a pause: lets it pass, and does what is due. */
  later(milliseconds?: number): Promise<void>;
  close(): Promise<void>;
};

/** @param begin what else of that server takes its time, begun before the panel is there */
export async function startSecondHouse(begin: (second: SecondServer) => void): Promise<SecondHouse> {
  const second = await SecondServer.open();
  begin(second);
  // sshd, stamps of files and the engines look at the clock of the machine.
  const options = { limitsScale: 1000, clock: new StoppedClock(Date.now()), operatorEmail: 'operator@example.com' };
  const house = await startPanel(options);
  const gotgan = async (...[command = '', act = '', ...args]: string[]): Promise<string> => {
    if (command === 'ftp-server') return (await ftpServerCommands[act]?.(args, house.panel.doors.choices)) ?? '';
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const given = command === 'server' ? serverCommands[act] : undefined;
    if (given) await given(args, async (use) => use(house.panel), say);
    else if (command === 'site' && act === 'move') await moveCommand(args, house.panel.doors, say);
    else throw new Error(`no command ${command} ${act}`);
    return `${lines.join('\n')}\n`;
  };
  await second.configure(gotgan);
  return {
    ...{ house, second, gotgan, owner: new Visitor(house) },
    reached: async () => ['--address', second.network.there, '--ssh-user', second.user, '--host-key', await second.hostKey()],
    later: async (milliseconds = 60_000) => {
      house.clock.advance(milliseconds);
      await house.work();
    },
    close: async () => {
      await house.close();
      await second.close();
    },
  };
}
