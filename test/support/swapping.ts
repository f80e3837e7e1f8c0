// Another process that swaps a folder of a site for a link and back, as a customer's own program or an FTP user could, as fast as it can.
import { spawn } from 'node:child_process';

const program = `
  const { renameSync, rmSync, symlinkSync, unlinkSync } = require('node:fs');
  const [folder, away, rest, ...targets] = process.argv.slice(1);
  let swaps = 0;
  let isOver = false;
  const insist = (act) => {
    for (;;) {
      try {
        return act();
      } catch {
        try { rmSync(folder, { recursive: true, force: true }); } catch {}
      }
    }
  };
  const turn = () => {
    for (let i = 0; i < 20; i++) {
      try { renameSync(folder, away); } catch {}
      insist(() => symlinkSync(targets[swaps % targets.length], folder));
      unlinkSync(folder);
      insist(() => renameSync(away, folder));
      swaps++;
    }
    if (isOver) process.exit();
    if (rest === '0') setImmediate(turn);
    else setTimeout(turn, Number(rest));
  };
  process.on('disconnect', () => { isOver = true; });
  process.stdout.write('ready');
  turn();
`;

/**
 * Swaps until it is stopped; what is made in the folder's place meanwhile is cleared away. When it has stopped the folder stands there.
 * @param places `folder` is swapped for links to `targets` in turn, and lies at `away` meanwhile; after twenty times it stays for a rest,
 * without one unless told
 */
export async function swapping(places: {
  readonly folder: string;
  readonly away: string;
  readonly targets: readonly string[];
  readonly restMilliseconds?: number;
}): Promise<{ stop(): Promise<void> }> {
  const { folder, away, targets, restMilliseconds = 0 } = places;
  const child = spawn(process.execPath, ['-e', program, folder, away, String(restMilliseconds), ...targets], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([new Promise((go) => child.stdout?.once('data', go)), ended]);
  return {
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
