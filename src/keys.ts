// The secret of a panel in the life of its database: whether it is the right one, and its change (`gotgan keys rotate`; security.md G.2).
import { type Kysely, sql } from 'kysely';
import { personIndexes } from './accounts/look-up.ts';
import { OptionsError } from './options.ts';
import type { Connection } from './platform/database/database.ts';
import type { Place, Secrets } from './platform/secrets.ts';
import type { Settings } from './platform/settings.ts';
import { keyName, publicHalf, Signing } from './platform/signing.ts';

const proofName = 'keys.proof';
const carriedPrefix = 'keys.digest.';
/** public keys of every secret there was: sealed, so that nobody who writes to the database alone can add one */
const signerPrefix = 'keys.signer.';
const signingPurpose = 'signature of manifests';
const placeOf = (name: string): Place => ({ table: 'settings', column: 'value', row: name });

/** Fields whose digests cannot be made anew, since the panel keeps no text of them: their keys outlive the secret they came from. */
const oneWay = [
  'recovery_codes',
  'audit.address',
  'audit.agent',
  'consents.address',
  'consents.agent',
  'consents.chain',
  'import_files',
  'kept_records',
];

/** Of tables whose key is not `id`: sealed values are bound to their row by it. */
const keyColumns: Readonly<Record<string, string>> = {
  sessions: 'id_hash',
  passkeys: 'credential_id',
  own_networks: 'person_id',
};
const rowsAtOnce = 100;

/**
 * At start: makes sure that this secret, or one of before, is the one this database was written with, and takes over the keys that
 * outlive a change of it.
 * @throws OptionsError when it is another one: everything sealed would be lost, and new values would be mixed in
 */
export async function holdKeys(settings: Settings, secrets: Secrets): Promise<void> {
  // Written before there was a proof: then the secret of before, where one is named, is the one that is in the rows.
  const first = () => (secrets.before ?? secrets).seal('gotgan', placeOf(proofName));
  const proof = (await settings.read(proofName)) ?? (await settings.change(proofName, (before) => before ?? first())) ?? '';
  try {
    secrets.open(proof, placeOf(proofName));
  } catch {
    const wrong = 'is not the one that this database was written with';
    const todo = 'put the former one back, or name it in OLD_SECRETS until gotgan keys rotate has ended';
    throw new OptionsError([{ setting: 'SECRET', wrong, todo }]);
  }
  if (!proof.startsWith(secrets.currentPrefix)) await carryOver(settings, secrets, proof);
  for (const [name, sealed] of await settings.beginning(carriedPrefix)) {
    secrets.carry(name.slice(carriedPrefix.length), Buffer.from(secrets.open(sealed, placeOf(name)), 'base64url'));
  }
}

/** At the first start with another secret, before any digest is made: the keys of before are kept, sealed. */
async function carryOver(settings: Settings, secrets: Secrets, proof: string): Promise<void> {
  for (const field of oneWay) {
    const name = carriedPrefix + field;
    const key = () => secrets.keyOfSealer(proof, `digest.${field}`).toString('base64url');
    await settings.change(name, (before) => before ?? secrets.seal(key(), placeOf(name)));
  }
}

/**
 * After `holdKeys`: what signs manifests of backups. Public keys of secrets of before stay, so that an archive can be told for our own
 * for as long as it lies about; signatures are never made anew.
 */
export async function signingOf(settings: Settings, secrets: Secrets): Promise<Signing> {
  const [seed = Buffer.alloc(0), ...older] = secrets.keys(signingPurpose);
  for (const key of [seed, ...older].map(publicHalf)) {
    const name = signerPrefix + keyName(key);
    await settings.change(name, (before) => before ?? secrets.seal(key.toString('base64url'), placeOf(name)));
  }
  const kept = await settings.beginning(signerPrefix);
  const keys = [...kept].flatMap(([name, sealed]) => {
    try {
      return [Buffer.from(secrets.open(sealed, placeOf(name)), 'base64url')];
    } catch {
      // Nobody here has sealed it: what it signed is foreign.
      return [];
    }
  });
  return new Signing(seed, keys);
}

export type Rotation = {
  /** table → rows that were written anew now */
  readonly written: ReadonlyMap<string, number>;
  /** `table.column of row id` of what no secret here opens; it stays as it is */
  readonly unreadable: readonly string[];
  /** rows that are still sealed with a secret of before */
  readonly left: number;
};

// biome-ignore lint/suspicious/noExplicitAny: tables and columns are read from the database itself, so that none can be forgotten
type AnyDb = Kysely<any>;
type Row = Readonly<Record<string, string | null>>;
type SealedTable = { readonly name: string; readonly key: string; readonly columns: readonly string[] };

/** @returns every table with columns `<field>_sealed`, and the column that its values are bound to */
export async function sealedTables(owner: Connection['owner']): Promise<SealedTable[]> {
  const tables = await owner.introspection.getTables();
  return tables.flatMap(({ name, columns }) => {
    const sealed = columns.map((column) => column.name).filter((column) => column.endsWith('_sealed'));
    return sealed.length > 0 ? [{ name, key: keyColumns[name] ?? 'id', columns: sealed.sort() }] : [];
  });
}

/**
 * Writes every sealed value and every look-up value anew under the present secret, a few rows a transaction: interrupted at any
 * moment it goes on where it stopped, and the panel may run meanwhile. Only when nothing is left does the database belong to the
 * present secret alone.
 */
export async function rotateKeys(
  { connection, secrets, settings }: { connection: Connection; secrets: Secrets; settings: Settings },
  say: (line: string) => void = () => {},
): Promise<Rotation> {
  const tables = await sealedTables(connection.owner);
  const written = new Map<string, number>();
  const unreadable: string[] = [];
  for (const table of tables) {
    let rows = 0;
    for (let after = ''; ; ) {
      const some = await oldRows(connection.owner, table, secrets.currentPrefix, after);
      const last = some.at(-1)?.[table.key];
      if (last === undefined || last === null) break;
      after = last;
      const anew = some.flatMap((row) => resealed(row, table, { secrets, unreadable }));
      rows += await connection.write(async (tx) => update(tx as unknown as AnyDb, table, anew));
    }
    written.set(table.name, rows);
    say(`${table.name.padEnd(20)} ${String(rows).padStart(9)} rows`);
  }
  const kept = await Promise.all([carriedPrefix, signerPrefix].map((prefix) => settings.beginning(prefix)));
  for (const [name, sealed] of kept.flatMap((values) => [...values])) {
    if (!sealed.startsWith('v1.') || sealed.startsWith(secrets.currentPrefix)) continue;
    await settings.change(name, (now) =>
      now === sealed ? secrets.seal(secrets.open(sealed, placeOf(name)), placeOf(name)) : now,
    );
  }
  const counts = tables.map((table) => countOld(connection.owner, table, secrets.currentPrefix));
  const left = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  if (left === 0) await settings.change(proofName, () => secrets.seal('gotgan', placeOf(proofName)));
  return { written, unreadable, left };
}

const notCurrent = ({ columns }: SealedTable, prefix: string) =>
  sql<boolean>`(${sql.join(
    columns.map(
      (column) => sql`coalesce(substr(${sql.ref(column)}, 1, ${sql.lit(prefix.length)}), ${sql.lit(prefix)}) <> ${prefix}`,
    ),
    sql` or `,
  )})`;

function oldRows(owner: AnyDb, table: SealedTable, prefix: string, after: string): Promise<Row[]> {
  return owner
    .selectFrom(table.name)
    .select([table.key, ...table.columns])
    .where(table.key, '>', after)
    .where(notCurrent(table, prefix))
    .orderBy(table.key)
    .limit(rowsAtOnce)
    .execute();
}

async function countOld(owner: AnyDb, table: SealedTable, prefix: string): Promise<number> {
  const row = await owner
    .selectFrom(table.name)
    .select((eb) => eb.fn.countAll().as('count'))
    .where(notCurrent(table, prefix))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

type Anew = { readonly before: Row; readonly values: Record<string, string | null> };
type Sealing = { readonly secrets: Secrets; readonly unreadable: string[] };

/** A row with all its values under the present secret; none where one of them cannot be opened. */
function resealed(before: Row, { name: table, key, columns }: SealedTable, { secrets, unreadable }: Sealing): Anew[] {
  const row = before[key] ?? '';
  const texts: Record<string, string> = {};
  for (const column of columns) {
    const sealed = before[column];
    if (sealed === null || sealed === undefined) continue;
    try {
      texts[column] = secrets.open(sealed, { table, column, row });
    } catch {
      unreadable.push(`${table}.${column} of row ${row}`);
      return [];
    }
  }
  const values = Object.entries(texts).map(([column, text]) => [column, secrets.seal(text, { table, column, row })]);
  return [{ before, values: { ...Object.fromEntries(values), ...indexesOf(table, texts, secrets) } }];
}

/**
 * Look-up values change in the same statement, so that a row is found by the one or by the other, never by neither. Those of waits at
 * the login cannot be made anew and last for hours: a change of the secret forgets them.
 */
function indexesOf(table: string, texts: Readonly<Record<string, string>>, secrets: Secrets): Record<string, string | null> {
  const { login_name_sealed: loginName = '', email_sealed: email = '', phone_sealed: phone } = texts;
  if (table === 'invitations') return { email_index: personIndexes(secrets, { loginName, email }).email_index };
  if (table !== 'persons') return {};
  return personIndexes(secrets, { loginName, email, phone });
}

/** Only what is still as it was read: whoever changed a row meanwhile has sealed it with the present secret already. */
async function update(tx: AnyDb, { name, key, columns }: SealedTable, rows: readonly Anew[]): Promise<number> {
  let count = 0;
  for (const { before, values } of rows) {
    let query = tx.updateTable(name).set(values).where(key, '=', before[key]);
    for (const column of columns) if (before[column] !== null) query = query.where(column, '=', before[column]);
    count += Number((await query.executeTakeFirst()).numUpdatedRows);
  }
  return count;
}
