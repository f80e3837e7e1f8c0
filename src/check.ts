// Tries everything the panel needs before the first request, and reports all faults at once.
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { places, tiersOf } from './adapters.ts';
import { type Choices, type OptionFault, OptionsError } from './options.ts';
import { systemClock } from './platform/clock.ts';
import { openDatabase } from './platform/database/database.ts';
import { faultLine } from './platform/fault-line.ts';
import type { Mailer } from './platform/mail/port.ts';
import type { VirusScanner } from './platform/scanner/port.ts';
import { tierFaultsHere } from './tier-rules.ts';

/**
 * Tries database, folders and, where given, the port.
 * @throws OptionsError with a line a fault
 */
export async function tryAll(choices: Choices, serve?: { port: number; host: string }): Promise<void> {
  const place = places(choices);
  const folders: [string, string][] = [
    ['DATA_DIR', choices.dataFolder],
    ['ARCHIVES_URL', place.archives],
    ['SITES_URL', place.sites],
    ['DATA_DIR', place.files.quarantineFolder],
    ['DATA_DIR', place.files.unfinishedFolder],
    ['DATA_DIR', place.files.heldFolder],
    ['DATA_DIR', place.arriving],
    ...choices.webServers.map((one): [string, string] => ['WEB_SERVERS', one.slice(one.indexOf(':') + 1)]),
    ...(place.mailUrl.startsWith('file:') ? ([['MAIL_URL', place.mailUrl.slice('file:'.length)]] as [string, string][]) : []),
    ...(place.databaseUrl.startsWith('sqlite:')
      ? ([['DATABASE_URL', dirname(place.databaseUrl.slice('sqlite:'.length))]] as [string, string][])
      : []),
  ];
  const tried = [
    ...folders.map(([setting, folder]) => folderFault(setting, folder)),
    databaseFault(place.databaseUrl),
    serve && portFault(serve),
  ];
  const faults = (await Promise.all(tried)).filter((fault) => fault !== undefined);
  faults.push(...(await tierFaultsHere(choices, [place.sites, place.archives], place.databaseUrl)));
  const distinct = [...new Map(faults.map((fault) => [`${fault.setting}${fault.wrong}`, fault])).values()];
  if (distinct.length > 0) throw new OptionsError(distinct);
}

/**
 * Tries what the panel can start without: letters wait until the mail server is back, and an upload that cannot be scanned is refused.
 * @returns a warning in words for each that does not answer now
 */
export async function tryHelpers({ mailer, scanner }: { mailer: Mailer; scanner: VirusScanner }): Promise<string[]> {
  const tried = (part: { check(): Promise<void> }, warning: (why: string) => string) =>
    part.check().then(
      () => undefined,
      (error) => warning(faultLine(error).code ?? faultLine(error).says),
    );
  const warnings = await Promise.all([
    tried(mailer, (why) => `MAIL_URL: letters cannot be sent now (${why}); they wait and are tried again.`),
    tried(scanner, (why) => `SCANNER_URL: the virus scanner does not answer (${why}); uploads are refused until it does.`),
  ]);
  return warnings.filter((warning) => warning !== undefined);
}

/**
 * Tries the tiers that are named, for `gotgan check` alone: a panel starts without them, and what they cannot take now they get later.
 * @throws OptionsError with a line each
 */
export async function tryTiers(choices: Choices): Promise<void> {
  const none = async () => undefined;
  const setups = tiersOf(choices)(() => ({ forKeeping: async () => '', forReading: none }));
  const faults = await Promise.all(
    setups.map(async ({ name, tier }): Promise<OptionFault[]> => {
      const error = await tier.probe(AbortSignal.timeout(tierPatienceMilliseconds)).then(none, (cause) => faultLine(cause));
      if (!error) return [];
      const setting = name === 'short-term' ? 'SHORT_TERM_URL' : 'LONG_TERM_URL';
      const wrong = `the tier does not answer (${error.code ?? error.says})`;
      return [{ setting, wrong, todo: 'see the chapter on backup tiers in docs/operations.md' }];
    }),
  );
  if (faults.flat().length > 0) throw new OptionsError(faults.flat());
}

const tierPatienceMilliseconds = 60_000;

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.message : String(error);

async function folderFault(setting: string, folder: string): Promise<OptionFault | undefined> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
    const probe = join(folder, `.gotgan-probe-${process.pid}-${Math.random().toString(36).slice(2)}`);
    await writeFile(probe, '');
    await rm(probe);
    return undefined;
  } catch (error) {
    return {
      setting,
      wrong: `the folder ${folder} cannot be written (${codeOf(error)})`,
      todo: 'give this user the right to write there, or name another folder',
    };
  }
}

async function databaseFault(url: string): Promise<OptionFault | undefined> {
  const engine = url.startsWith('sqlite:') ? 'the SQLite file' : 'the PostgreSQL server';
  try {
    const connection = await openDatabase(url, systemClock);
    await sql`select 1`.execute(connection.owner).finally(() => connection.close());
    return undefined;
  } catch (error) {
    return {
      setting: 'DATABASE_URL',
      wrong: `${engine} cannot be opened (${codeOf(error)})`,
      todo: 'check address, name, password and rights',
    };
  }
}

function portFault({ port, host }: { port: number; host: string }): Promise<OptionFault | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve({
        setting: 'PORT',
        wrong: `${host}:${port} cannot be listened on (${codeOf(error)})`,
        todo: 'end the other program or choose another port',
      }),
    );
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
