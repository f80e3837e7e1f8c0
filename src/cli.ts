// The commands, thin: each reads the environment, asks the panel, and says what came of it.
import { parseArgs } from 'node:util';
import { tryAll } from './check.ts';
import { configurationDocument, configurationInUse } from './configuration.ts';
import { readEnvironment, withSecret } from './environment.ts';
import { catalogues } from './messages/catalogue.ts';
import { chosen, OptionsError } from './options.ts';
import { createPanel, type Panel } from './panel.ts';
import { PanelError } from './platform/errors.ts';
import { serve } from './serve.ts';

const usage = `gotgan serve                     the panel, with one worker
gotgan work [--once]             a worker alone; --once does what is due now and ends
gotgan migrate                   brings the database up to date
gotgan config [--document]       the configuration in use, secrets hidden
gotgan backup run --site <name>  makes and checks a backup now`;

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

function inWords(error: unknown): string {
  if (error instanceof OptionsError)
    return error.faults.map(({ setting, wrong, todo }) => `${setting}: ${wrong}. ${todo}.`).join('\n');
  if (error instanceof PanelError) {
    const sentence = catalogues.en[error.key];
    return typeof sentence === 'string' ? sentence : error.key;
  }
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return `${error.message}\n${usage}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** @throws OptionsError with every fault of the environment at once; nothing was made or opened yet */
function fromEnvironment() {
  const { options, serve: at, faults } = readEnvironment(process.env);
  // The panel's own secret is made only after everything else was found right.
  return {
    options,
    at,
    choices: chosen({ ...options, secret: options.secret || 'made at the first start, and long enough' }, faults),
  };
}

async function open(port?: boolean) {
  const { options, at, choices } = fromEnvironment();
  await tryAll(choices, port ? at : undefined);
  const whole = withSecret(options);
  return { panel: await createPanel(whole), at, whole };
}

async function withPanel(act: (panel: Panel) => Promise<void>): Promise<void> {
  const { panel } = await open();
  await act(panel).finally(() => panel.close());
}

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  serve: async () => {
    const { panel, at, whole } = await open(true);
    await serve(panel, at, () => {
      console.log(`곳간 Gotgan: ${whole.publicUrl}`);
      for (const line of configurationInUse(whole, process.env).warnings) console.log(line);
    });
  },
  work: async (args) => {
    const { values } = parseArgs({ args, options: { once: { type: 'boolean' }, child: { type: 'boolean' } } });
    await withPanel(async (panel) => {
      if (values.once) console.log(`${await panel.workOnce()} jobs done`);
      else await panel.work({ signal: untilStopped(values.child === true) });
    });
  },
  migrate: () => withPanel(async () => console.log('The database is up to date.')),
  config: async (args) => {
    const { values } = parseArgs({ args, options: { document: { type: 'boolean' } } });
    if (values.document) return void process.stdout.write(configurationDocument());
    const { lines, warnings } = configurationInUse(fromEnvironment().options, process.env);
    console.log([...lines, '', ...warnings].join('\n'));
  },
  backup: async (args) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { site: { type: 'string' } } });
    const { site } = values;
    if (positionals[0] !== 'run' || !site) throw new Error(`backup: a site is needed\n${usage}`);
    await withPanel(async ({ doors: { backups, sites } }) => console.log(await backups.runNow(await sites.byName(site))));
  },
};

/** A child also ends when its parent does, however that ends. */
function untilStopped(child: boolean): AbortSignal {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (child) process.once('disconnect', stop);
  // Listening for the end of the parent must not keep this process from its own.
  process.channel?.unref();
  // The parent may have ended while this process was starting.
  if (child && !process.connected) stop();
  return stopping.signal;
}
