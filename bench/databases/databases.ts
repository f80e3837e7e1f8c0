// Imports of SQL texts, beside the engines' own clients with the same text on the same server.
import { execFile, spawn } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseAccess, DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { workerEnvironment, workerFlags } from '../../src/serve.ts';
import { administrator } from '../../test/support/database-servers.ts';
import type { Circumstances, Figure, Part } from '../figure.ts';
import { inTurn, median } from '../load.ts';
import { type Shape, writeText } from './texts.ts';

const run = promisify(execFile);
const name = 'gotgan_bench';
const password = 'bench-Harbor-52';

type Work = { readonly engine: DatabaseEngine; readonly shape: Shape; readonly mebibytes: number };

export const databasesPart: Part = { name: 'databases', measure };

async function measure(circumstances: Circumstances): Promise<Figure[]> {
  const figures: Figure[] = [];
  const mebibytes = circumstances.long ? 500 : 5;
  for (const engine of ['mariadb', 'postgresql'] as const) {
    if (!(await isThere(engine, circumstances))) continue;
    const shapes: Work[] = [{ engine, shape: 'extended', mebibytes }];
    if (engine === 'postgresql') shapes.push({ engine, shape: 'copy', mebibytes });
    // A row a statement: the client waits for the disk at each, so that little takes long.
    shapes.push({ engine, shape: 'single', mebibytes: circumstances.long ? 2 : 0.1 });
    for (const work of shapes) figures.push(...(await compared(work, circumstances)));
  }
  return figures;
}

async function isThere(engine: DatabaseEngine, { say }: Circumstances): Promise<boolean> {
  try {
    await databaseServer(administrator(engine)).check();
    return true;
  } catch {
    say(`${engine}: no server answers here; not measured`);
    return false;
  }
}

async function compared({ engine, shape, mebibytes }: Work, { long, folder, say }: Circumstances): Promise<Figure[]> {
  const file = join(folder, `${engine}-${shape}.sql`);
  await writeText(file, shape, mebibytes * 2 ** 20);
  let grown = 0;
  const ours = () =>
    withDatabase(engine, async () => {
      const script = join(import.meta.dirname, 'load-one.ts');
      const what = ['--expose-gc', script, JSON.stringify(administrator(engine)), name, file];
      const { stdout } = await run(process.execPath, [...workerFlags, ...what], {
        env: { ...process.env, ...workerEnvironment },
      });
      const one = JSON.parse(stdout) as { seconds: number; grown: number };
      grown = Math.max(grown, one.grown);
      return one.seconds;
    });
  const theirs = () => withDatabase(engine, (access) => byClient(access, file));
  const about = `${mebibytes} MiB of SQL, ${inWords[shape]}`;
  const pairs = await inTurn(long ? 3 : 1, ours, theirs, ([mine, client]) =>
    say(`${engine}, ${about}: ${mine.toFixed(2)} s; the client: ${client.toFixed(2)} s`),
  );
  await rm(file);
  const client = engine === 'mariadb' ? 'mariadb' : 'psql';
  return [
    {
      name: `${engine}: import of ${about} ÷ ${client}`,
      unit: 's',
      ours: median(pairs.map(([mine]) => mine)),
      raw: median(pairs.map(([, other]) => other)),
      bound: { atMost: 1.15 },
    },
    { name: `${engine}: growth of the process, ${about}`, unit: 'MiB', ours: grown, bound: { atMost: 64 } },
  ];
}

const inWords: Readonly<Record<Shape, string>> = {
  extended: 'rows by the MiB',
  single: 'a row a statement',
  copy: 'rows by COPY',
};

/** A new database for each run: what was there before would cost the second one. */
async function withDatabase<T>(engine: DatabaseEngine, work: (access: DatabaseAccess) => Promise<T>): Promise<T> {
  const access = administrator(engine);
  const server = databaseServer(access);
  const database = { name, user: name };
  await server.drop(database);
  await server.create(database, { password });
  try {
    return await work({ ...access, user: name, password });
  } finally {
    await server.drop(database);
  }
}

/** @returns seconds that the engine's own client takes, as the database's own user */
async function byClient({ engine, host, port, user, password: secret }: DatabaseAccess, file: string): Promise<number> {
  const input = await open(file, 'r');
  const [program, args] =
    engine === 'mariadb'
      ? ['mariadb', ['-h', host, '-P', String(port), '-u', user, '--max-allowed-packet=64M', name]]
      : ['psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', String(port), '-U', user, '-d', name]];
  const begun = performance.now();
  const child = spawn(program as string, args as string[], {
    stdio: [input.fd, 'ignore', 'inherit'],
    env: { PATH: process.env.PATH ?? '', MYSQL_PWD: secret, PGPASSWORD: secret },
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  await input.close();
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return (performance.now() - begun) / 1000;
}
