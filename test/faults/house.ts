// The real program on a data folder of its own, and a look at folder and database past the program.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Secrets } from '../../src/platform/secrets.ts';
import { postgresDatabase, postgresServer } from '../support/databases.ts';
import { freePort } from '../support/embedding/installed.ts';
import { childrenOf, gotgan, isAlive, type Program, untilGone } from '../support/program.ts';

export type Engine = 'sqlite' | 'postgresql';
export type Row = Record<string, string | number | null>;

const secret = 'a secret for faults only, long enough to be one';

export type HouseOptions = {
  readonly engine: Engine;
  /** an existing empty folder, for instance a small file system; else one in /tmp */
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** runs when the program has ended, before the folder is removed */
  readonly beforeRemoval?: () => void;
  /** a PostgreSQL of the test's own, where it is to be killed; else the one of all tests */
  readonly server?: string;
  /** stands between program and PostgreSQL: the address it is given instead */
  readonly through?: (url: URL) => Promise<URL>;
};

/** Short leases, so that what a killed process held is free again while a test waits. */
export const leaseSeconds = 2;

export class House {
  readonly folder: string;
  readonly origin: string;
  readonly secrets = new Secrets(secret);
  readonly engine: Engine;
  readonly databaseUrl: string;
  readonly #environment: Record<string, string>;
  readonly #remove: () => Promise<void>;
  readonly #pool: pg.Pool | undefined;
  #program: Program | undefined;
  #said = '';

  private constructor(parts: Pick<House, 'folder' | 'origin' | 'engine' | 'databaseUrl'>, rest: Rest) {
    this.folder = parts.folder;
    this.origin = parts.origin;
    this.engine = parts.engine;
    this.databaseUrl = parts.databaseUrl;
    this.#environment = rest.environment;
    this.#remove = rest.remove;
    this.#pool = rest.pool;
    this.#pool?.on('error', () => {});
  }

  static async open({ engine, folder, environment = {}, beforeRemoval, through, server }: HouseOptions): Promise<House> {
    const place = folder ?? (await mkdtemp(join(tmpdir(), 'gotgan-faults-')));
    const database = engine === 'postgresql' ? await postgresDatabase(server ?? postgresServer ?? '') : undefined;
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const given = database && ((await through?.(new URL(database.url))) ?? new URL(database.url));
    const usual = { PORT: String(port), PUBLIC_URL: origin, SECRET: secret, LIMITS_SCALE: '1000', LOG_LEVEL: 'warn' };
    const pool = database && new pg.Pool({ connectionString: database.url, max: 2 });
    const remove = async () => {
      await pool?.end();
      await database?.remove();
      beforeRemoval?.();
      await rm(place, { recursive: true, force: true });
    };
    return new House(
      { folder: place, origin, engine, databaseUrl: database?.url ?? `sqlite:${join(place, 'data/panel.db')}` },
      {
        environment: {
          ...usual,
          LEASE_SECONDS: String(leaseSeconds),
          ...(given && { DATABASE_URL: given.href }),
          ...environment,
        },
        remove,
        pool,
      },
    );
  }

  /** For commands beside the program. */
  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  get program(): Program {
    if (!this.#program) throw new Error('the program was not started');
    return this.#program;
  }

  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#program = gotgan(['serve'], { folder: this.folder, environment: { ...this.#environment, ...more } });
    await this.#program.said(/Gotgan: http/, 120);
    this.#asFastAsWeb(this.#program);
  }

  /** On a busy machine the worker's low priority would make a test wait for minutes, and that is not what is tested. */
  #asFastAsWeb(program: Program): void {
    const level = async () => {
      for (const pid of await childrenOf(program.pid).catch(() => [])) {
        try {
          setPriority(pid, getPriority());
        } catch {
          // only root may; then it is slower
        }
      }
    };
    const timer = setInterval(() => void level(), 300);
    program.child.once('exit', () => clearInterval(timer));
  }

  /** The worker of `gotgan serve`, once there is one. */
  async worker(seconds = 60): Promise<number> {
    for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(20)) {
      const [worker] = await childrenOf(this.program.pid).catch(() => []);
      if (worker && (await isAlive(worker))) return worker;
    }
    throw new Error('there is no worker');
  }

  /** kill -9 of the web process; its worker must end by itself. @returns whether it did */
  async killWeb(): Promise<boolean> {
    const workers = await childrenOf(this.program.pid).catch(() => []);
    this.program.child.kill('SIGKILL');
    await this.#ended();
    const gone = await Promise.all(workers.map((pid) => untilGone(pid, 60)));
    for (const pid of workers) if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
    return gone.every(Boolean);
  }

  async #ended(): Promise<number | null> {
    const program = this.program;
    const gone = new Promise<void>((resolve) => program.child.once('exit', () => resolve()));
    if (program.child.exitCode === null && program.child.signalCode === null) await gone;
    this.#said += program.out() + program.err();
    this.#program = undefined;
    return program.child.exitCode;
  }

  /** SIGTERM. @returns exit code and how long the end took */
  async stop(): Promise<{ code: number | null; milliseconds: number; workersGone: boolean }> {
    const workers = await childrenOf(this.program.pid).catch(() => []);
    const begun = performance.now();
    this.program.child.kill('SIGTERM');
    const code = await this.#ended();
    const milliseconds = Math.round(performance.now() - begun);
    const gone = await Promise.all(workers.map((pid) => untilGone(pid, 1)));
    return { code, milliseconds, workersGone: gone.every(Boolean) };
  }

  /** Everything the program ever said. */
  said(): string {
    return this.#said + (this.#program ? this.#program.out() + this.#program.err() : '');
  }

  /** Lines of the log that tell of a bug: what answered 500, or ended a process. */
  bugs(): string[] {
    return this.said()
      .split('\n')
      .filter((line) => /"level":(50|60)|^\s*at |Unhandled|uncaught/i.test(line))
      .slice(0, 5);
  }

  /** Reads the database past the program. */
  async rows(text: string): Promise<Row[]> {
    if (this.#pool) {
      const { rows } = await this.#pool.query(text);
      return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
    }
    const database = new DatabaseSync(this.databaseUrl.slice('sqlite:'.length), { readOnly: true, timeout: 5000 });
    try {
      return database.prepare(text).all() as Row[];
    } finally {
      database.close();
    }
  }

  async count(text: string): Promise<number> {
    return Number((await this.rows(text))[0]?.count ?? 0);
  }

  /** Jobs that wait or run: those that have given up are left out. */
  jobs(): Promise<number> {
    return this.count(
      this.engine === 'postgresql'
        ? 'select count(*) as count from gotgan_worker._private_jobs where attempts < max_attempts or locked_at is not null'
        : 'select count(*) as count from jobs where failed_at is null',
    );
  }

  /** Jobs that a worker has begun. */
  jobsRunning(): Promise<number> {
    return this.count(
      this.engine === 'postgresql'
        ? 'select count(*) as count from gotgan_worker._private_jobs where locked_at is not null'
        : 'select count(*) as count from jobs where lease_until is not null',
    );
  }

  async letters(): Promise<string[]> {
    const folder = join(this.folder, 'data/outbox');
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml')).sort();
    return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  }

  /** Waits for something. @param pause milliseconds between two looks. @returns whether it came true */
  async until(holds: () => Promise<boolean>, seconds: number, pause = 100): Promise<boolean> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(pause)) if (await holds()) return true;
    return false;
  }

  async close(): Promise<void> {
    if (this.#program) await this.killWeb();
    await this.#remove();
  }
}

type Rest = {
  readonly environment: Record<string, string>;
  readonly remove: () => Promise<void>;
  readonly pool: pg.Pool | undefined;
};

const plain = (value: unknown) =>
  typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : (value as string | null);

export const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** @returns size and digest of a file, or undefined */
export async function fileAt(path: string): Promise<{ size: number; sha256: string } | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return { size: found.size, sha256: sha256(await readFile(path)) };
}
