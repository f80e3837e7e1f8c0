// Writes out a PostgreSQL database with pg_dump, without owners and rights.
import type { Writable } from 'node:stream';
import { dumpLines } from './dump-lines.ts';
import { differing, postgresRows, sumOf } from './dump-rows.ts';
import type { Limits } from './limits.ts';
import type { DatabaseAccess, Dumped } from './port.ts';
import { rowCounts } from './postgresql-figures.ts';
import { ourSettings, withPostgres } from './postgresql-session.ts';
import { runTool } from './tool.ts';

export type PostgresDump = {
  readonly access: DatabaseAccess;
  readonly database: string;
  readonly limits: Limits;
  readonly signal?: AbortSignal;
  /** counts every table at the very moment of the dump */
  readonly compare?: boolean;
};

/** @returns what is in the text. Errors: as `runTool`, and PanelError 503 when it cannot be counted */
export async function dumpPostgres(dump: PostgresDump, into: Writable): Promise<Dumped> {
  const { access, database, limits } = dump;
  if (!dump.compare) return dumped(await write(dump, into), []);
  return withPostgres(access, { limits, database }, async (session) => {
    await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const [row] = await session.rows('SELECT pg_export_snapshot() AS snapshot');
    const rows = await write(dump, into, String(row?.snapshot));
    return dumped(rows, differing(rows, await rowCounts(session)));
  });
}

const dumped = (rows: ReadonlyMap<string, number>, strays: readonly string[]): Dumped => ({
  tables: rows.size,
  rows: sumOf(rows),
  strays,
});

async function write({ access, database, limits, signal }: PostgresDump, into: Writable, snapshot?: string) {
  const rows = postgresRows();
  const lines = dumpLines({ first: '', isTable: () => false, rows });
  await runTool(
    {
      program: 'pg_dump',
      arguments: [
        ...['--format=plain', '--encoding=UTF8', '--no-owner', '--no-privileges', '--no-tablespaces', '--no-password'],
        ...['--no-publications', '--no-subscriptions', '--no-security-labels', `--lock-wait-timeout=${limits.statement}`],
        ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
        ...[`--host=${access.host}`, `--port=${access.port}`, `--username=${access.user}`, `--dbname=${database}`],
      ],
      environment: {
        PGPASSWORD: access.password,
        PGPASSFILE: '/dev/null',
        PGCONNECT_TIMEOUT: String(Math.ceil(limits.connect / 1000)),
        // The owner of a database may set limits for those who enter it; a dump is not to be stopped by them.
        PGOPTIONS: ourSettings({ ...limits, work: 0 }),
      },
      endMarker: '\n-- PostgreSQL database dump complete',
      silence: limits.work,
      through: lines.through,
      ...(signal && { signal }),
    },
    into,
  );
  return rows.counts;
}
