// Writes out a MariaDB database with mariadb-dump, without the names of those who defined something in it.
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { dumpLines } from './dump-lines.ts';
import { mariaDbRows } from './dump-rows.ts';
import type { View } from './mariadb-views.ts';
import { backticked } from './names.ts';
import type { DatabaseAccess } from './port.ts';
import { handedOver, runTool } from './tool.ts';

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
  /** views that refer to what is gone, at which the program would stop: left out, with a comment that says so */
  readonly brokenViews?: readonly View[];
  readonly silence: number;
  readonly signal?: AbortSignal | undefined;
};

export type TextOfMariaDb = { readonly tables: number; readonly rows: ReadonlyMap<string, number> };

/** @returns what is in the text. Errors: as `runTool`, and the system's where the options cannot be handed over */
export async function dumpMariaDb(dump: MariaDbDump, into: Writable): Promise<TextOfMariaDb> {
  let options: FileHandle | undefined;
  try {
    options = await optionsFile(dump.access);
    const rows = mariaDbRows();
    const lines = dumpLines({
      first: 'C/D-',
      rows,
      isTable: (head) => head.startsWith('-- Table structure for table '),
      leftOut: (head) => {
        const [whole, before] = definer.exec(head) ?? [];
        return whole === undefined || before === undefined
          ? undefined
          : [before.length, whole.length + (head[whole.length] === ' ' ? 1 : 0)];
      },
    });
    const { database, brokenViews = [] } = dump;
    const what = dump.what === 'everything' ? everything : programsOnly;
    const without = brokenViews.map(({ name }) => `--ignore-table=${database}.${name}`);
    await runTool(
      {
        program: 'mariadb-dump',
        // Only this file: no option of the machine's own files changes what is written.
        arguments: [`--defaults-file=/dev/fd/${handedOver}`, ...alwaysSo, ...what, ...without, database],
        handedOver: options.fd,
        endMarker: '\n-- Dump completed',
        silence: dump.silence,
        through: (text) => withNote(lines.through(text), brokenViews),
        ...(dump.signal && { signal: dump.signal }),
      },
      into,
    );
    return { tables: lines.tables(), rows: rows.counts };
  } catch (error) {
    into.destroy();
    throw error;
  } finally {
    await options?.close();
  }
}

/** What is left out is kept as text for who wants to make it anew. */
async function* withNote(text: AsyncIterable<Buffer>, views: readonly View[]): AsyncIterable<Buffer> {
  for (const { name, sql } of views) {
    const lines = `View ${backticked(name)} refers to what is not there any more, and is left out:\n${sql};`.split(/[\r\n]+/);
    yield Buffer.from(`${lines.map((line) => `-- ${line}\n`).join('')}`);
  }
  yield* text;
}

/** @returns the program's options in a file without a name, of mode 0600: a process that is killed at any moment leaves no password behind */
async function optionsFile(access: DatabaseAccess): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-dump-'));
  let file: FileHandle | undefined;
  try {
    file = await open(join(folder, 'options'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  try {
    // Written where it begins, whatever the place of reading is: the program opens it anew.
    await file.write(optionsOf(access), 0);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function optionsOf({ host, port, user, password }: DatabaseAccess): string {
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
  const where = host.startsWith('/')
    ? [`socket=${quoted(host.endsWith('.sock') ? host : `${host}/mysqld.sock`)}`]
    : [`host=${quoted(host)}`, `port=${port}`, 'protocol=tcp'];
  return ['[client]', ...where, `user=${quoted(user)}`, `password=${quoted(password)}`, ''].join('\n');
}
