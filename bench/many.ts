// Pages with very many persons, sites and audit rows in the database, beside the same pages on an empty one, on both engines.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { newTestDatabase, postgresServer } from '../test/support/databases.ts';
import { password } from '../test/support/panel.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { fill } from './fill.ts';
import { inTurn, loadPage, median } from './load.ts';
import { quickHashes, type Running, startProgram } from './program.ts';
import { Visitor } from './visitor.ts';

type Page = 'dashboard' | 'files' | 'backups' | 'login';
type Engine = 'sqlite' | 'postgresql';

export const manyPart: Part = {
  name: 'many',
  measure: async (circumstances) => {
    if (!postgresServer) circumstances.say('PostgreSQL is not measured: GOTGAN_TEST_POSTGRES is not set');
    const engines: Engine[] = ['sqlite', ...(postgresServer ? (['postgresql'] as const) : [])];
    const figures: Figure[] = [];
    for (const engine of engines) figures.push(...(await measure(engine, circumstances)));
    return figures;
  },
};

const secret = 'a secret for the benchmark only, long enough to be one';

async function measure(engine: Engine, { long, folder, say }: Circumstances): Promise<Figure[]> {
  const amounts = long ? { persons: 100_000, auditRows: 1_000_000 } : { persons: 1000, auditRows: 10_000 };
  const databases = [await newTestDatabase(engine), await newTestDatabase(engine)] as const;
  const programs: Running[] = [];
  try {
    const started = await Promise.allSettled(
      databases.map(({ url }, at) =>
        startProgram(join(folder, `${engine}-${at}`), {
          ...quickHashes,
          DATABASE_URL: url,
          SECRET: secret,
          BACKUP_AT: anHourAgo(),
        }),
      ),
    );
    for (const one of started) if (one.status === 'fulfilled') programs.push(one.value);
    const [empty, full] = programs;
    if (!empty || !full) throw new Error('there are not two programs');
    const begun = performance.now();
    await fill({ ...amounts, url: databases[1].url, secret, password });
    say(`${engine}: filled in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    const figures: Figure[] = [];
    const [inEmpty, inFull] = await Promise.all([Guest.at(empty), Guest.at(full)]);
    for (const page of ['dashboard', 'files', 'backups', 'login'] as const) {
      const pairs = await inTurn(
        long ? 7 : 1,
        () => inFull.milliseconds(page, long),
        () => inEmpty.milliseconds(page, long),
      );
      const of = (at: 0 | 1) => median(pairs.map((pair) => pair[at]));
      const rows = `${amounts.persons.toLocaleString('en')} persons, ${amounts.auditRows.toLocaleString('en')} audit rows`;
      say(`${engine}, ${page}: ${of(0).toFixed(2)} ms, empty: ${of(1).toFixed(2)} ms`);
      figures.push({
        name: `${engine}: ${page} with ${rows} ÷ empty`,
        unit: 'ms',
        ours: of(0),
        raw: of(1),
        bound: { atMost: 1.2 },
      });
    }
    return figures;
  } finally {
    for (const program of programs) await program.stop();
    for (const database of databases) await database.remove();
    // A million rows go on being written long after; what is measured next is not to wait behind them.
    if (engine === 'postgresql') await asAdministrator('checkpoint');
    await promisify(execFile)('sync');
  }
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresServer });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** So that no night falls into the measurement. */
function anHourAgo(): string {
  return new Date(Date.now() - 3600_000).toLocaleTimeString('en-GB', {
    timeZone: 'Asia/Seoul',
    hour: '2-digit',
    minute: '2-digit',
  });
}

class Guest {
  readonly #program: Running;
  readonly #headers: Record<string, string>;
  readonly #paths: Readonly<Record<Page, string>>;

  private constructor(program: Running, headers: Record<string, string>, site: string) {
    this.#program = program;
    this.#headers = headers;
    this.#paths = {
      dashboard: '/dashboard',
      files: `/sites/${site}/files/www`,
      backups: `/sites/${site}/backups`,
      login: '/login',
    };
  }

  static async at(program: Running): Promise<Guest> {
    const visitor = new Visitor(program);
    const site = await visitor.settle('guest@example.com');
    return new Guest(program, visitor.headers, site);
  }

  /** @returns the middle time of a page, one after the other */
  async milliseconds(page: Page, long: boolean): Promise<number> {
    const { p50, statuses } = await loadPage({
      url: this.#program.url + this.#paths[page],
      headers: this.#headers,
      atOnce: 1,
      ...(long ? { seconds: 1 } : { amount: 20 }),
    });
    if (statuses.size !== 1 || !statuses.has(200)) throw new Error(`${page} was answered with ${[...statuses.keys()]}`);
    return p50;
  }
}
