// The real program with a real FTP server that asks it and tells it, and a customer with an account; beside it the same server with nothing behind it.
import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'basic-ftp';
import { ftpServerKeys } from '../src/platform/ftp-server/keys.ts';
import { ftpPassword } from '../test/ftp/customer.ts';
import { siteUser } from '../test/ftp/server.ts';
import { freePort } from '../test/support/embedding/installed.ts';
import { type FtpServer, startFtpServer } from '../test/support/proftpd.ts';
import { gotgan } from '../test/support/program.ts';
import { quickHashes, type Running, startProgram } from './program.ts';
import { Visitor } from './visitor.ts';

export type Judged = { readonly path: string; readonly judgedAt: number };

/** Where sessions of a site's user get to: every folder above must let them through. */
async function reachable(folder: string): Promise<string> {
  for (let above = folder; above !== '/'; above = dirname(above)) {
    const isOurs = above.startsWith(dirname(folder));
    if (isOurs) await chmod(above, 0o755);
    if (((await stat(above)).mode & 0o001) === 0) return mkdtemp('/var/tmp/gotgan-bench-');
  }
  return folder;
}

async function homeIn(folder: string): Promise<string> {
  await mkdir(join(folder, 'www/data'), { recursive: true });
  for (const path of [folder, join(folder, 'www'), join(folder, 'www/data')]) await chown(path, siteUser, siteUser);
  return folder;
}

export class FtpHouse {
  readonly base: string;
  readonly home: string;
  readonly bareHome: string;
  readonly #program: Running;
  readonly #server: FtpServer;
  readonly #bare: FtpServer;
  readonly #database: DatabaseSync;
  readonly #site: string;

  private constructor(parts: {
    base: string;
    program: Running;
    server: FtpServer;
    bare: FtpServer;
    database: DatabaseSync;
    site: string;
  }) {
    this.base = parts.base;
    this.#program = parts.program;
    this.#server = parts.server;
    this.#bare = parts.bare;
    this.#database = parts.database;
    this.#site = parts.site;
    this.home = join(parts.base, 'program/data/sites', parts.site);
    this.bareHome = join(parts.base, 'bare/site');
  }

  static async open(folder: string): Promise<FtpHouse> {
    const base = await reachable(folder);
    const data = join(base, 'program/data');
    await mkdir(join(base, 'log'));
    const log = join(base, 'log/panel.log');
    const { secret, logWord } = await ftpServerKeys(join(data, 'ftp-server.key'));
    const radius = `127.0.0.1:${await freePort()}`;
    const environment = { ...quickHashes, FTP_RADIUS: radius, FTP_LOG: log };
    const program = await startProgram(join(base, 'program'), environment);
    for (const path of [join(base, 'program'), data, join(data, 'sites')]) await chmod(path, 0o755);
    const visitor = new Visitor(program);
    const site = await visitor.arrive('ftp@example.com');
    const home = await homeIn(join(data, 'sites', site));
    const server = await startFtpServer({ radius, secret, sitesFolder: dirname(home), options: { log, logWord } });
    const database = new DatabaseSync(join(data, 'panel.db'));
    database.exec(`pragma busy_timeout = 10000; update servers set ftp_host = '127.0.0.1', ftp_port = ${server.port}`);
    const marking = gotgan(['site', 'folders', site, '--upload', 'www/data'], { folder: join(base, 'program'), environment });
    if ((await marking.ended).code !== 0) throw new Error(`no upload folder was marked: ${marking.err()}`);
    const { status } = await visitor.submit(`/sites/${site}/ftp/account`, { password: ftpPassword });
    if (status !== 303) throw new Error(`no FTP account was made: ${status}`);
    const bareHome = await homeIn(join(base, 'bare/site'));
    const answer = async () => ({ userId: siteUser, groupId: siteUser, folder: bareHome });
    const bare = await startFtpServer({ answer, sitesFolder: dirname(bareHome), except: /^(LogFormat|ExtendedLog) / });
    return new FtpHouse({ base, program, server, bare, database, site });
  }

  async #client({ host, port, certificate: ca }: FtpServer): Promise<Client> {
    const client = new Client(120_000);
    const tls = { secure: true, secureOptions: { ca, host: 'localhost' } };
    await client.access({ host, port, user: this.#site, password: ftpPassword, ...tls });
    return client;
  }

  client(): Promise<Client> {
    return this.#client(this.#server);
  }

  bareClient(): Promise<Client> {
    return this.#client(this.#bare);
  }

  /** What was judged below a folder, of what was told so far. */
  judged(below: string): Judged[] {
    const asked = 'select path, judged_at from file_arrivals where judged_at is not null and path like ?';
    return this.#database
      .prepare(asked)
      .all(`${below}/%`)
      .map(({ path, judged_at }) => ({ path: String(path), judgedAt: Number(judged_at) }));
  }

  /** Waits until so many files below a folder were judged. */
  async untilJudged(below: string, count: number, seconds = 600): Promise<Judged[]> {
    for (const until = performance.now() + seconds * 1000; performance.now() < until; await sleep(250)) {
      const judged = this.judged(below);
      if (judged.length >= count) return judged;
    }
    throw new Error(`of ${count} files below ${below} ${this.judged(below).length} were judged in ${seconds} s`);
  }

  /** A new folder for uploads of one kind. @returns its path below the site's folder, for both servers */
  async folder(): Promise<string> {
    const path = `www/data/${randomUUID()}`;
    for (const home of [this.home, this.bareHome]) {
      await mkdir(join(home, path));
      await chown(join(home, path), siteUser, siteUser);
    }
    return path;
  }

  async close(): Promise<void> {
    this.#database.close();
    await this.#server.stop();
    await this.#bare.stop();
    await this.#program.stop();
  }
}
