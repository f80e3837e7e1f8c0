// Writes out a MariaDB database with mariadb-dump, without the names of those who defined something in it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { dumpLines } from './dump-lines.ts';
import type { DatabaseAccess } from './port.ts';
import { runTool } from './tool.ts';

/** Lines of mariadb-dump that name a definer begin so; data and texts of rows never begin a line, since line feeds in them are escaped. */
const definer = /^((?:CREATE |\/\*!\d+ CREATE\*\/ )?(?:\/\*!\d+ )?)DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`/;

const alwaysSo = [
  ...['--single-transaction', '--quick', '--skip-lock-tables', '--no-tablespaces', '--hex-blob', '--skip-dump-date'],
  ...['--default-character-set=utf8mb4', '--max-allowed-packet=1G', '--net-buffer-length=1M'],
];
const everything = ['--routines', '--events', '--triggers'];
const programsOnly = [...everything, '--add-drop-trigger', '--no-data', '--no-create-info', '--skip-opt'];

export type MariaDbDump = {
  readonly access: DatabaseAccess;
  readonly database: string;
  /** `programs`: triggers, routines and events alone */
  readonly what: 'everything' | 'programs';
  readonly silence: number;
  readonly signal?: AbortSignal;
};

/** @returns how many tables. Errors: as `runTool` */
export async function dumpMariaDb(dump: MariaDbDump, into: Writable): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-dump-'));
  try {
    const file = join(folder, 'access.cnf');
    await writeFile(file, optionsFile(dump.access), { mode: 0o600, flag: 'wx' });
    const lines = dumpLines({
      first: 'C/D-',
      isTable: (head) => head.startsWith('-- Table structure for table '),
      leftOut: (head) => {
        const [whole, before] = definer.exec(head) ?? [];
        return whole === undefined || before === undefined
          ? undefined
          : [before.length, whole.length + (head[whole.length] === ' ' ? 1 : 0)];
      },
    });
    const what = dump.what === 'everything' ? everything : programsOnly;
    await runTool(
      {
        program: 'mariadb-dump',
        // Only this file: no option of the machine's own files changes what is written.
        arguments: [`--defaults-file=${file}`, ...alwaysSo, ...what, dump.database],
        endMarker: '\n-- Dump completed',
        silence: dump.silence,
        through: lines.through,
        ...(dump.signal && { signal: dump.signal }),
      },
      into,
    );
    return lines.tables();
  } catch (error) {
    into.destroy();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The file is of mode 0600 in a folder of mode 0700, and is gone when the program has ended. */
function optionsFile({ host, port, user, password }: DatabaseAccess): string {
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
  const where = host.startsWith('/')
    ? [`socket=${quoted(host.endsWith('.sock') ? host : `${host}/mysqld.sock`)}`]
    : [`host=${quoted(host)}`, `port=${port}`, 'protocol=tcp'];
  return ['[client]', ...where, `user=${quoted(user)}`, `password=${quoted(password)}`, ''].join('\n');
}
