// `gotgan work`: a worker until it is asked to end, or one round of what is due now.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { withPanel } from './opening.ts';
import { letGoOfStart } from './platform/young-memory.ts';
import { settleMilliseconds } from './serve.ts';

/** A worker ends within 10 s, like the web process. */
const endMilliseconds = 7500;

/** @throws what `createWorker` throws, and the fault of a parse of the arguments */
export async function workCommand(args: string[]): Promise<void> {
  // Old garbage is collected sooner: a backup makes much of it, and has time (measured: 20 to 40 MiB less at its peak).
  setFlagsFromString('--heap-growing-percent=25');
  const options = { once: { type: 'boolean' }, child: { type: 'boolean' }, role: { type: 'string' } } as const;
  const { values } = parseArgs({ args, options });
  if (values.role !== undefined) return workInRole(values.role, values.once === true);
  if (values.once) return withPanel(async (panel) => console.log(`${await panel.workOnce()} jobs done`));
  const signal = untilStopped(values.child === true);
  // Nothing is begun yet that could be left half: a worker that is asked to end while it starts does so at once.
  const endAtOnce = () => process.exit(0);
  signal.addEventListener('abort', endAtOnce, { once: true });
  if (signal.aborted) endAtOnce();
  await withPanel(async (panel) => {
    signal.removeEventListener('abort', endAtOnce);
    setTimeout(letGoOfStart, settleMilliseconds).unref();
    await panel.work({ signal });
  }, values.child === true);
}

async function workInRole(role: string, once: boolean): Promise<void> {
  if (role !== 'backup') throw new (await import('./import-commands.ts')).CommandRefused('work --role: backup is the only one');
  const { workAsBackupHost } = await import('./backup-host-commands.ts');
  return workAsBackupHost(once, () => untilStopped(false), console.log);
}

/** A child also ends when its parent does, however that ends. */
function untilStopped(child: boolean): AbortSignal {
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
    // A letter may wait for a silent server; who takes its job over sends it.
    setTimeout(() => process.exit(0), endMilliseconds).unref();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (child) process.once('disconnect', stop);
  // Listening for the end of the parent must not keep this process from its own.
  process.channel?.unref();
  // The parent may have ended while this process was starting.
  if (child && !process.connected) stop();
  return stopping.signal;
}
