// What a MariaDB dump may do: work inside its database. Everything else is refused by name, and what names owners or settings of the server is taken out.
// The wall is the user's rights; these rules are the second one, and say it by the line.
import { Refusal } from './refusal.ts';
import { blank, type Statement, type Token } from './sql-window.ts';

export type Judgement = {
  readonly act: 'run' | 'skip';
  readonly neutralised: number;
  /** rows: the next statement may be read while the server works on this one */
  readonly rows: boolean;
  /** how the session reads text may be another afterwards */
  readonly changesReading: boolean;
};

const plain = new Set(
  (
    'insert replace update delete select with values truncate lock unlock commit rollback savepoint release ' +
    'analyze optimize check repair checksum call do'
  ).split(' '),
);
const made = new Set('table view index trigger procedure function event sequence package'.split(' '));
const dropped = new Set([...made, 'tables']);
const altered = new Set('table view procedure function event sequence'.split(' '));
const beforeKind = new Set(
  'or replace temporary unique fulltext spatial vector aggregate online offline ignore algorithm undefined merge temptable sql security invoker definer'.split(
    ' ',
  ),
);
const farEngines = new Set(['federated', 'federatedx', 'connect', 'spider', 's3', 'oqgraph', 'mroonga']);
const ofTheServer = new Set(
  'gtid_purged gtid_slave_pos gtid_next gtid_domain_id gtid_seq_no sql_log_bin sql_log_off server_id pseudo_slave_mode pseudo_thread_id skip_replication'.split(
    ' ',
  ),
);
const neverInside = new Set(
  [
    'create user',
    'create role',
    'create database',
    'create schema',
    'create server',
    'alter user',
    'drop user',
    'drop role',
    'rename user',
  ]
    .concat([
      'drop database',
      'drop schema',
      'set password',
      'set global',
      'set role',
      'set default',
      'install plugin',
      'install soname',
    ])
    .concat([
      'uninstall plugin',
      'uninstall soname',
      'load data',
      'load xml',
      'load index',
      'kill connection',
      'kill query',
      'flush privileges',
    ]),
);
const startsInside = new Set([';', 'begin', 'then', 'else', 'do', 'loop', 'repeat', ':']);

const run: Judgement = { act: 'run', neutralised: 0, rows: false, changesReading: false };
const skipped: Judgement = { act: 'skip', neutralised: 1, rows: false, changesReading: false };

/**
 * @param own names the text may call its database by
 * @throws Refusal
 */
export function judgeMariaDb(statement: Statement, own: ReadonlySet<string>): Judgement {
  const { tokens } = statement;
  const [first, second] = [bare(tokens[0]), bare(tokens[1])];
  refuseDangerous(tokens);
  if (tokens[0]?.text === '(') return run;
  if (plain.has(first))
    return { ...run, rows: first === 'insert' || first === 'replace', changesReading: first === 'call' || first === 'do' };
  switch (first) {
    case 'create':
    case 'alter':
    case 'drop':
      return define(statement, first, own);
    case 'set':
      return set(tokens);
    case 'use':
      return own.has(nameOf(tokens[1])) ? skipped : refuse(`USE ${nameOf(tokens[1])}`, tokens[0]);
    case 'start':
      return second === 'transaction' ? run : refuse('START', tokens[0]);
    case 'begin':
      return tokens.length === 1 || second === 'work' ? run : refuse('BEGIN NOT ATOMIC', tokens[0]);
    case 'rename':
      return second === 'table' || second === 'tables' ? run : refuse(`RENAME ${second}`, tokens[0]);
    default:
      return refuse(first === '' ? `${tokens[0]?.text}${tokens[1]?.text ?? ''}` : first, tokens[0]);
  }
}

const bare = (token: Token | undefined): string => (token?.kind === 'word' ? token.text : '');
const nameOf = (token: Token | undefined): string => (token?.kind === 'word' || token?.kind === 'name' ? token.text : '');

function refuse(about: string, token: Token | undefined): never {
  throw new Refusal(about.trim().toUpperCase() === about.trim() ? about.trim() : tidy(about), token?.start ?? 0);
}

/** Keywords are told in capitals; a name behind `USE` or `DATABASE` stays as it is. */
const tidy = (about: string): string =>
  /^(USE|CREATE DATABASE|ALTER DATABASE) /.test(about) ? about.trim() : about.trim().toUpperCase();

/** Words that no harmless statement holds outside of strings and quoted names, wherever they stand. */
function refuseDangerous(tokens: readonly Token[]): void {
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i] as Token;
    if (token.kind === 'mark' && token.text === '\\') refuse('\\', token);
    if (token.kind !== 'word' || token.inName) continue;
    if (token.text === 'grant' || token.text === 'revoke') refuse(token.text, token);
    if (token.text === 'outfile' || (token.text === 'dumpfile' && bare(tokens[i - 1]) === 'into'))
      refuse(`INTO ${token.text}`, token);
    if (token.text === 'load_file') refuse(token.text, token);
  }
}

function define(statement: Statement, verb: 'create' | 'alter' | 'drop', own: ReadonlySet<string>): Judgement {
  const { tokens } = statement;
  const definers = takeOutDefiner(statement);
  const at = tokens.findIndex(
    (token, index) => index > 0 && !(definers.includes(token) || beforeKind.has(bare(token)) || token.text === '='),
  );
  const kind = bare(tokens[at]);
  if (kind === 'database' || kind === 'schema') return ofDatabase(statement, verb, at, own);
  const allowed = { create: made, alter: altered, drop: dropped }[verb];
  if (!allowed.has(kind)) refuse(`${verb} ${kind}`, tokens[0]);
  if (kind === 'table') refuseFarTable(tokens);
  else if (verb === 'create') refuseInside(tokens);
  return definers.length > 0 ? { ...run, neutralised: 1 } : run;
}

/** An own database is there already; its character set may be said, by whatever name. */
function ofDatabase({ tokens, bytes }: Statement, verb: string, at: number, own: ReadonlySet<string>): Judgement {
  let name = at + 1;
  while (['if', 'not', 'exists'].includes(bare(tokens[name]))) name += 1;
  const token = tokens[name];
  if (verb === 'alter' && ['character', 'charset', 'collate', 'default', 'comment'].includes(bare(token))) return run;
  if (!own.has(nameOf(token)) || verb === 'drop' || token === undefined)
    refuse(`${verb.toUpperCase()} DATABASE ${nameOf(token)}`, tokens[0]);
  if (verb === 'create') return skipped;
  blank(bytes, token.start, token.end);
  return { ...run, neutralised: 1 };
}

/** @returns the tokens of `DEFINER = user@host`, which are blanked: what is made belongs to who loads it */
function takeOutDefiner({ tokens, bytes }: Statement): readonly Token[] {
  const at = tokens.findIndex(
    (token, index) => index < 40 && bare(token) === 'definer' && tokens[index + 1]?.text === '=' && !token.inName,
  );
  const before = at === -1 ? [] : tokens.slice(1, at);
  if (at === -1 || before.some((token) => token.kind !== 'mark' && !beforeKind.has(bare(token)))) return [];
  let end = at + 2;
  if (tokens[end + 1]?.text === '@') end += 2;
  else if (tokens[end + 1]?.text === '(' && tokens[end + 2]?.text === ')') end += 2;
  const last = tokens[end];
  if (last === undefined) return [];
  // A bare host name goes on through dots and dashes.
  let [stop, next] = [last.end, end + 1];
  while (last.kind === 'word' && tokens[next]?.start === stop && tokens[next]?.text !== '*' && tokens[next]?.text !== '(') {
    stop = tokens[next]?.end ?? stop;
    next += 1;
  }
  blank(bytes, tokens[at]?.start ?? 0, stop);
  return tokens.slice(at, next);
}

/** Tables that lie on other servers or in files of this one. */
function refuseFarTable(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    if (token.kind !== 'word' || token.inName) return;
    const [next, after] = [tokens[index + 1], tokens[index + 2]];
    const engine = next?.text === '=' ? after : next;
    if ((token.text === 'engine' || token.text === 'type') && engine && engine.kind !== 'mark') {
      // An engine's name may also be a string, whose content is not kept: only bare and quoted names are known to be harmless.
      if (engine.kind === 'text' || farEngines.has(nameOf(engine).toLowerCase())) refuse(`ENGINE=${nameOf(engine)}`, token);
    }
    if ((token.text === 'data' || token.text === 'index') && bare(next) === 'directory') refuse(`${token.text} directory`, token);
  });
}

function refuseInside(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    if (index === 0 || token.kind !== 'word') return;
    const two = `${token.text} ${bare(tokens[index + 1])}`;
    if (startsInside.has(tokens[index - 1]?.text ?? '') && neverInside.has(two)) refuse(two, token);
    if (token.text === 'soname' && tokens[index + 1]?.kind === 'text') refuse('CREATE FUNCTION SONAME', token);
  });
}

function set(tokens: readonly Token[]): Judgement {
  const second = bare(tokens[1]);
  if (['password', 'role', 'default', 'statement'].includes(second)) refuse(`SET ${second}`, tokens[0]);
  let depth = 0;
  for (let i = 0; i < tokens.length; i += 1) {
    const text = tokens[i]?.text;
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (i !== 0 && (text !== ',' || depth > 0)) continue;
    const { scope, name } = target(tokens, i + 1);
    if (ofTheServer.has(name)) return skipped;
    if (scope === 'global' || scope.startsWith('persist')) refuse(`SET ${scope}`, tokens[i + 1]);
    if (name === 'password') refuse('SET PASSWORD', tokens[i + 1]);
  }
  return { ...run, changesReading: true };
}

/** What an assignment changes: `@@global.x`, `global x`, `@@x`, `x`; a variable of the session's own (`@x`) has no name here. */
function target(tokens: readonly Token[], start: number): { scope: string; name: string } {
  let i = start;
  const system = tokens[i]?.text === '@' && tokens[i + 1]?.text === '@';
  if (tokens[i]?.text === '@' && !system) return { scope: '', name: '' };
  if (system) i += 2;
  const word = nameOf(tokens[i]).toLowerCase();
  const scoped = ['global', 'session', 'local', 'persist', 'persist_only'].includes(word);
  if (!scoped) return { scope: '', name: word };
  return { scope: word, name: nameOf(tokens[system ? i + 2 : i + 1]).toLowerCase() };
}
