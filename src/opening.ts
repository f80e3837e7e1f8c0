// The panel as the environment describes it, opened for one command.
import { tryAll } from './check.ts';
import { readEnvironment, withSecret } from './environment.ts';
import { chosen, type PanelOptions } from './options.ts';
import { createWorker, type Worker } from './panel.ts';

/** @throws OptionsError with every fault of the environment at once; nothing was made or opened yet */
export function fromEnvironment() {
  const { options, serve: at, faults } = readEnvironment(process.env);
  // The panel's own secret is made only after everything else was found right.
  return {
    options,
    at,
    choices: chosen({ ...options, secret: options.secret || 'made at the first start, and long enough' }, faults),
  };
}

/** @param tried a parent has tried everything already: a worker that begins again while a folder is out of reach does what it can */
export async function open<P>(create: (options: PanelOptions) => Promise<P>, { port = false, tried = false } = {}) {
  const { options, at, choices } = fromEnvironment();
  if (!tried) await tryAll(choices, port ? at : undefined);
  const whole = withSecret(options);
  return { panel: await create(whole), at, whole };
}

export async function withPanel(act: (panel: Worker) => Promise<void>, tried = false): Promise<void> {
  const { panel } = await open(createWorker, { tried });
  await act(panel).finally(() => panel.close());
}
