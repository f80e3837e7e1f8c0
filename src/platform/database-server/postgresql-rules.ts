// What a PostgreSQL dump may do: work inside its database. Owners are taken out, everything that reaches further is refused by name.
// The wall is the role's rights; these rules are the second one, and say it by the line.
import { Refusal } from './refusal.ts';
import type { Statement, Token } from './sql-window.ts';

export type PostgresJudgement = {
  readonly act: 'run' | 'skip' | 'copy';
  /** one row or some: many such statements may be on their way at once */
  readonly rows: boolean;
  /** an unknown setting is no fault: newer versions of pg_dump write settings older servers have not */
  readonly maySetUnknown: boolean;
};

const plain = new Set(
  (
    'insert update delete select with values truncate lock begin start commit end rollback abort savepoint release ' +
    'analyze vacuum cluster reindex refresh call do merge'
  ).split(' '),
);
const kinds = new Set(
  'table index view sequence function procedure routine trigger type domain schema rule aggregate operator collation cast statistics text policy extension conversion large'.split(
    ' ',
  ),
);
const beforeKind = new Set(
  'or replace global local temp temporary unlogged unique recursive materialized constraint default'.split(' '),
);
const extensions = new Set(
  (
    'pgcrypto uuid-ossp hstore citext pg_trgm btree_gin btree_gist unaccent ltree intarray cube earthdistance fuzzystrmatch ' +
    'tablefunc seg isn lo dict_int tsm_system_rows tsm_system_time tcn intagg'
  ).split(' '),
);
const ofTheServer = new Set([
  'pg_read_file',
  'pg_read_binary_file',
  'pg_ls_dir',
  'pg_file_write',
  'lo_import',
  'lo_export',
  'dblink_connect',
]);

const run: PostgresJudgement = { act: 'run', rows: false, maySetUnknown: false };
const skipped: PostgresJudgement = { ...run, act: 'skip' };

/**
 * @param own names the text may call its database by
 * @throws Refusal
 */
export function judgePostgres({ tokens }: Statement, own: ReadonlySet<string>): PostgresJudgement {
  const first = bare(tokens[0]);
  for (const token of tokens) {
    if (token.kind !== 'word') continue;
    if (token.text === 'grant' && !token.inName) refuse('GRANT', token);
    if (ofTheServer.has(token.text)) refuse(token.text, token);
  }
  if (tokens[0]?.text === '(') return run;
  if (plain.has(first)) return { ...run, rows: first === 'insert' };
  switch (first) {
    case 'create':
    case 'alter':
    case 'drop':
      return define(tokens, first, own);
    case 'comment':
      return bare(tokens[2]) === 'extension' || bare(tokens[2]) === 'database' ? skipped : run;
    case 'copy':
      return copy(tokens);
    case 'set':
    case 'reset':
      return set(tokens, first);
    default:
      return refuse(first === '' ? (tokens[0]?.text ?? '') : first, tokens[0]);
  }
}

const bare = (token: Token | undefined): string => (token?.kind === 'word' ? token.text : '');
const nameOf = (token: Token | undefined): string => (token?.kind === 'word' || token?.kind === 'name' ? token.text : '');

function refuse(about: string, token: Token | undefined): never {
  throw new Refusal(about.toUpperCase(), token?.start ?? 0);
}

function define(tokens: readonly Token[], verb: 'create' | 'alter' | 'drop', own: ReadonlySet<string>): PostgresJudgement {
  const at = tokens.findIndex((token, index) => index > 0 && !beforeKind.has(bare(token)));
  const kind = bare(tokens[at]);
  if (verb === 'create' && kind === 'database' && own.has(nameOf(tokens[at + 1]))) return skipped;
  if (kind === 'database') throw new Refusal(`${verb.toUpperCase()} DATABASE ${nameOf(tokens[at + 1])}`, 0);
  if (verb === 'create' && (kind === 'language' || bare(tokens[at + 1]) === 'language') && nameOf(tokens.at(-1)) === 'plpgsql')
    return skipped;
  if (!kinds.has(kind))
    refuse(`${verb} ${kind} ${kind === 'event' || kind === 'foreign' ? bare(tokens[at + 1]) : ''}`.trim(), tokens[0]);
  if (kind === 'extension' && verb === 'create') return extension(tokens, at + 1);
  if (kind === 'schema' && verb === 'create' && nameOf(tokens.at(-1)) === 'public') return skipped;
  return verb === 'alter' ? owner(tokens) : run;
}

function extension(tokens: readonly Token[], start: number): PostgresJudgement {
  const at = bare(tokens[start]) === 'if' ? start + 3 : start;
  const name = nameOf(tokens[at]);
  if (name === 'plpgsql') return skipped;
  if (!extensions.has(name)) throw new Refusal(`CREATE EXTENSION ${name}`, 0);
  return run;
}

/** `ALTER … OWNER TO somebody` and nothing more, as pg_dump writes it, is left out: who loads owns. */
function owner(tokens: readonly Token[]): PostgresJudgement {
  const at = tokens.findIndex((token, index) => bare(token) === 'owner' && bare(tokens[index + 1]) === 'to' && !token.inName);
  if (at === -1) return run;
  if (at + 3 !== tokens.length) refuse('OWNER TO', tokens[at]);
  return skipped;
}

function copy(tokens: readonly Token[]): PostgresJudgement {
  let depth = 0;
  for (let i = 1; i < tokens.length; i += 1) {
    const text = tokens[i]?.text;
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    const word = depth === 0 ? bare(tokens[i]) : '';
    if (word === 'to') refuse('COPY TO', tokens[0]);
    if (word !== 'from') continue;
    if (bare(tokens[i + 1]) === 'stdin') return { ...run, act: 'copy' };
    refuse(bare(tokens[i + 1]) === 'program' ? 'COPY FROM PROGRAM' : 'COPY FROM', tokens[0]);
  }
  return refuse('COPY', tokens[0]);
}

function set(tokens: readonly Token[], verb: string): PostgresJudgement {
  const scoped = ['session', 'local'].includes(bare(tokens[1])) && bare(tokens[2]) !== 'authorization' ? 2 : 1;
  const [name, next] = [nameOf(tokens[scoped]).toLowerCase(), bare(tokens[scoped + 1])];
  if (name === 'role') refuse(`${verb} ROLE`, tokens[0]);
  if (name === 'session_authorization' || (name === 'session' && next === 'authorization'))
    refuse(`${verb} SESSION AUTHORIZATION`, tokens[0]);
  return { ...run, maySetUnknown: true };
}
