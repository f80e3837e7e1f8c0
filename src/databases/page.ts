// What the pages of databases show, and in which words (ux.md 2.9).
import type { Request } from 'express';
import type { Clock } from '../platform/clock.ts';
import { minute, second } from '../platform/clock.ts';
import type { Visit } from '../platform/web/visit.ts';
import { isShut, type Site } from '../sites/sites.ts';
import type { Databases } from './databases.ts';
import { importAddress } from './imports.ts';
import { charsets } from './names.ts';
import { type DatabaseImport, type KnownServer, type SeenDatabase, stateOf } from './states.ts';
import type { NamedDump } from './trash-store.ts';

type Speaker = Pick<Visit, 'words' | 'url'>;

const tones = { making: 'info', removing: 'info', locked: 'warn', ready: 'ok' } as const;

export const databasesAddress = (site: Pick<Site, 'name'>, rest = ''): string => `/sites/${site.name}/databases${rest}`;

function tagOf({ words }: Speaker, database: SeenDatabase) {
  const state = stateOf(database);
  const isLost = database.tables === undefined && state !== 'removing';
  const tone = isLost ? 'warn' : tones[state];
  const text = words.t(isLost ? 'databases.state.unreachable' : `databases.state.${state}`);
  return { state: tone, text, ...(tone === 'info' && { icon: 'clock' }) };
}

/** One line of the list. */
function rowOf(speaker: Speaker, site: Site, database: SeenDatabase) {
  const { bytes, number } = speaker.words;
  const { name, login, engine, bytes: size, tableCount } = database;
  return {
    href: speaker.url(databasesAddress(site, `/${database.id}`)),
    ...{ name, login },
    engine: speaker.words.t(`databases.engine.${engine}`),
    size: size === null ? '–' : bytes(size),
    tables: tableCount === null ? '–' : number(tableCount),
    tag: tagOf(speaker, database),
  };
}

/** The list, and making one. */
export async function listPage(req: Request, databases: Databases) {
  const { site, visit } = req;
  const [all, servers, allowance, trash] = await Promise.all([
    databases.list(site),
    databases.serversFor(site),
    databases.allowance(site),
    databases.trash.list(site),
  ]);
  const isUsable = site.openedAt !== null && !isShut(site);
  return {
    title: visit.words.t('databases.title'),
    section: 'databases',
    site,
    rows: all.map((one) => rowOf(visit, site, one)),
    isUnreachable: all.some(({ tables }) => tables === undefined),
    isPreparing: site.openedAt === null,
    shutTitle: shutTitle(req),
    hasServer: servers.length > 0,
    engines: servers.map(({ engine }) => engine),
    charsets: charsetsFor(servers),
    allowance,
    trashCount: trash.length,
    mayMake: isUsable && req.mayChange && servers.length > 0 && allowance.used < allowance.limit,
    isFull: allowance.used >= allowance.limit,
    isReadOnly: !req.mayChange,
  };
}

/** @returns the key of why databases are shut: the site is suspended or moving, or the customer restricted; undefined when they are open */
function shutTitle({ site, visit }: Request): string | undefined {
  if (site.suspendedAt !== null) return 'databases.suspendedTitle';
  if (site.frozenAt !== null) return 'moves.closed';
  return visit.person?.restriction && 'databases.restrictedTitle';
}

function charsetsFor(servers: readonly KnownServer[]): string[] {
  return servers.length === 1 ? [...(charsets[servers[0]?.engine ?? 'mariadb'] ?? [])] : [];
}

/** One database: how to connect, its tables, and what may be done with it. */
export async function onePage(req: Request, databases: Databases, clock: Clock) {
  const { site, visit } = req;
  const database = await databases.find(site, String(req.params.id));
  const [server, imports] = await Promise.all([databases.serverOf(database), databases.imports.last(site, database, 5)]);
  const state = stateOf(database);
  const [newest] = imports;
  const running = newest && newest.endedAt === null ? newest : undefined;
  const job = running && importJob(visit, site, running, clock);
  return {
    title: database.name,
    section: 'databases',
    scripts: ['behaviours/copy.js', ...(job ? ['behaviours/poll-job.js'] : [])],
    site,
    database,
    server,
    tag: tagOf(visit, database),
    state,
    shutTitle: shutTitle(req),
    engine: visit.words.t(`databases.engine.${database.engine}`),
    isReadOnly: !req.mayChange,
    mayChange: req.mayChange && state === 'ready' && !isShut(site) && !job,
    mayRemove: req.mayChange && (state === 'ready' || state === 'locked') && site.frozenAt === null && !job,
    mayDownload: state !== 'making',
    snippets: snippetsFor(database, server),
    ...(job && { job }),
    imports: imports.filter((one) => one !== running).map((one) => importRow(visit, site, one)),
  };
}

type Named = Pick<SeenDatabase, 'engine' | 'name' | 'login'>;

/** How programs connect; the password is nowhere in it. */
function snippetsFor({ engine, name, login }: Named, { shownHost: host, shownPort: port }: KnownServer) {
  if (engine === 'postgresql')
    return {
      php: `$db = new PDO(\n    'pgsql:host=${host};port=${port};dbname=${name}',\n    '${login}',\n    getenv('DB_PASSWORD'),\n);`,
      node: `import pg from 'pg';\n\nconst db = new pg.Client({\n  host: '${host}',\n  port: ${port},\n  database: '${name}',\n  user: '${login}',\n  password: process.env.DB_PASSWORD,\n});\nawait db.connect();`,
    };
  return {
    php: `$db = new PDO(\n    'mysql:host=${host};port=${port};dbname=${name};charset=utf8mb4',\n    '${login}',\n    getenv('DB_PASSWORD'),\n);`,
    wordpress: `define( 'DB_NAME', '${name}' );\ndefine( 'DB_USER', '${login}' );\ndefine( 'DB_HOST', '${host}:${port}' );\ndefine( 'DB_CHARSET', 'utf8mb4' );`,
    node: `import { createConnection } from 'mysql2/promise';\n\nconst db = await createConnection({\n  host: '${host}',\n  port: ${port},\n  database: '${name}',\n  user: '${login}',\n  password: process.env.DB_PASSWORD,\n});`,
  };
}

/** @returns where an import stopped and why, in a sentence */
export function faultText({ words }: Pick<Visit, 'words'>, { fault, faultLine, faultAbout }: DatabaseImport): string {
  const { t, number } = words;
  const parameters = { n: number(faultLine ?? 0), about: faultAbout ?? '' };
  const reason = t(`databases.importFault.${fault ?? 'unavailable'}`, parameters);
  return faultLine === null ? reason : `${t('databases.import.stoppedAt', parameters)} ${reason}`;
}

function outcome(speaker: Pick<Visit, 'words'>, one: DatabaseImport): string {
  const { t, number } = speaker.words;
  if (one.state === 'failed') return faultText(speaker, one);
  return t('databases.import.done', { lines: number(one.lines) });
}

function importRow(speaker: Speaker, site: Site, one: DatabaseImport) {
  const isGood = one.state === 'done';
  return {
    href: speaker.url(importAddress(site, one.databaseId, one.id)),
    at: one.queuedAt,
    tag: { state: isGood ? 'ok' : 'bad', text: speaker.words.t(`databases.import.state.${one.state}`) },
    text: outcome(speaker, one),
  };
}

/** The page of one import. */
export async function importPage(req: Request, databases: Databases, clock: Clock) {
  const { site, visit } = req;
  const database = await databases.find(site, String(req.params.id));
  const one = await databases.imports.find(site, database.id, String(req.params.import));
  const job = one.endedAt === null && importJob(visit, site, one, clock);
  return {
    title: visit.words.t('databases.import.pageTitle', { name: database.name }),
    section: 'databases',
    scripts: job ? ['behaviours/poll-job.js'] : [],
    site,
    database,
    one,
    isDone: one.state === 'done',
    text: one.endedAt === null ? '' : outcome(visit, one),
    ...(job && { job }),
  };
}

/** How far an import has come, for its page and for `public/behaviours/poll-job.js`. */
export function importState(speaker: Pick<Visit, 'words'>, one: DatabaseImport, clock: Clock) {
  const { t, number } = speaker.words;
  if (one.endedAt !== null)
    return { text: outcome(speaker, one), value: 1, max: 1, note: '', finished: true, failed: one.state === 'failed' };
  const at = one.state === 'queued' ? (one.movedAt === null ? 'queued' : 'again') : one.step;
  const isLoading = at === 'loading';
  return {
    text: t(`databases.import.step.${at}`, { lines: number(one.lines) }),
    value: isLoading ? Math.min(one.readBytes, one.sourceBytes) : at === 'queued' ? 0 : one.sourceBytes,
    max: Math.max(1, one.sourceBytes),
    note: noteOf(speaker, one, clock),
    finished: false,
    failed: false,
  };
}

const stalledAfter = 5 * minute;

function noteOf({ words }: Pick<Visit, 'words'>, { state, movedAt }: DatabaseImport, clock: Clock): string {
  if (state === 'queued' || movedAt === null) return '';
  const still = Math.max(0, clock.now() - movedAt);
  if (still > stalledAfter) return words.t('databases.import.stalled', { time: words.duration(still) });
  return words.t('databases.import.moved', { seconds: words.number(Math.floor(still / second)) });
}

function importJob(speaker: Speaker, site: Site, one: DatabaseImport, clock: Clock) {
  const address = importAddress(site, one.databaseId, one.id);
  const { text, value, max, note } = importState(speaker, one, clock);
  return {
    ...{ title: speaker.words.t('databases.import.running'), text, value, max, note },
    stateHref: speaker.url(`${address}/state`),
    refresh: { href: speaker.url(address), text: speaker.words.t('databases.refresh') },
  };
}

/** What the trash holds. */
export function trashRow(speaker: Speaker, site: Site, dump: NamedDump) {
  const { t, bytes, number } = speaker.words;
  const address = databasesAddress(site, `/trash/${dump.id}`);
  return {
    name: dump.name,
    because: t(`databases.trash.${dump.because}`),
    madeAt: dump.madeAt,
    expiresAt: dump.expiresAt,
    size: bytes(dump.bytes),
    tables: number(dump.tableCount),
    downloadHref: speaker.url(`${address}/download`),
    restoreHref: speaker.url(`${address}/restoration`),
  };
}
