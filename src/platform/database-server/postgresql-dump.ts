// Writes out a PostgreSQL database with pg_dump, without owners and rights.
import type { Writable } from 'node:stream';
import { dumpLines } from './dump-lines.ts';
import type { Limits } from './limits.ts';
import type { DatabaseAccess } from './port.ts';
import { ourSettings } from './postgresql-session.ts';
import { runTool } from './tool.ts';

export type PostgresDump = {
  readonly access: DatabaseAccess;
  readonly database: string;
  readonly limits: Limits;
  readonly signal?: AbortSignal;
};

/** @returns how many tables. Errors: as `runTool` */
export async function dumpPostgres({ access, database, limits, signal }: PostgresDump, into: Writable): Promise<number> {
  const lines = dumpLines({ first: '-', isTable: (head) => /^-- Name: .*; Type: TABLE; Schema: /.test(head) });
  await runTool(
    {
      program: 'pg_dump',
      arguments: [
        ...['--format=plain', '--encoding=UTF8', '--no-owner', '--no-privileges', '--no-tablespaces', '--no-password'],
        ...['--no-publications', '--no-subscriptions', '--no-security-labels', `--lock-wait-timeout=${limits.statement}`],
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
  return lines.tables();
}
