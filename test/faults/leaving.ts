// A house with two tiers and a database server, a neighbour to whom nothing may happen, and customers who leave.
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ask } from '../support/database-client.ts';
import { administrator } from '../support/database-servers.ts';
import { gotgan } from '../support/program.ts';
import { treeDigest } from '../termination/leavers.ts';
import { Customer } from './customer.ts';
import { type Engine, House } from './house.ts';

/** Rows that nobody but their customer and the panel's nights would change. */
const steadyTables = [
  ...['orders', 'memberships', 'backups', 'databases', 'ftp_accounts', 'tier_keys', 'tier_snapshots', 'consents'],
  'kept_records',
];
const mariadb = administrator('mariadb');

type Tiers = Readonly<Record<string, string>>;

/** @returns a zone in which it is noon now: no night with its own backups begins while a test runs */
function noon(): string {
  const hourIn = (timeZone: string) =>
    new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format(new Date());
  return Intl.supportedValuesOf('timeZone').find((zone) => hourIn(zone) === '12') ?? 'UTC';
}

export class LeavingHouse {
  readonly house: House;
  readonly #folder: string;
  readonly #accounts = `gt_${randomBytes(5).toString('hex')}`;
  readonly #databases: string[] = [];

  private constructor(house: House, folder: string) {
    this.house = house;
    this.#folder = folder;
  }

  /** @param far settings of tiers elsewhere, with the private key that they let in; without it they are folders beside the data */
  static async open(engine: Engine, far?: { readonly environment: Tiers; readonly privateKey: string }): Promise<LeavingHouse> {
    const folder = await mkdtemp(join(tmpdir(), 'gotgan-faults-'));
    const tiers = far?.environment ?? {
      SHORT_TERM_URL: `file:${join(folder, 'short-term')}`,
      LONG_TERM_URL: `file:${join(folder, 'long-term')}`,
    };
    if (far) {
      await mkdir(join(folder, 'data'), { mode: 0o700 });
      await copyFile(far.privateKey, join(folder, 'data', 'ssh-panel.key'));
    }
    const leaving = new LeavingHouse(await House.open({ engine, folder, environment: { ...tiers, TIME_ZONE: noon() } }), folder);
    try {
      await leaving.#begin();
      return leaving;
    } catch (error) {
      await leaving.shut();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    await this.house.start();
    const [server] = await this.house.rows('select name from servers');
    const words = ['server', 'prepare-database', String(server?.name), '--engine', 'mariadb', '--accounts', this.#accounts];
    await this.#command(words);
  }

  /** @throws with what it said when it did not end well */
  async #command(args: readonly string[]): Promise<void> {
    const { password, host, port, user } = mariadb;
    const url = `mysql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}`;
    const environment = { ...this.house.environment, DATABASE_ADMIN_URL: url };
    const { code, out, err } = await gotgan(args, { folder: this.#folder, environment }).ended;
    if (code !== 0) throw new Error(`gotgan ${args.join(' ')}: ${code}\n${out}${err}`);
  }

  data(...parts: string[]): string {
    return join(this.#folder, 'data', ...parts);
  }

  /** For commands beside the program. */
  get circumstances() {
    return { folder: this.#folder, environment: this.house.environment };
  }

  /** Whatever the panel may have written a customer's bytes to. */
  get folders(): readonly string[] {
    return [this.data(), ...['short-term', 'long-term'].map((name) => join(this.#folder, name))];
  }

  /** A customer with files, a database of one row and a backup that both tiers hold; each tells of the mark. */
  async moveIn(email: string, { mark, files }: { mark: string; files: number }): Promise<Customer> {
    const customer = await new Customer(this.house, email).arrive();
    for (let at = 0; at < files; at += 1) {
      const path = this.data('sites', customer.site, 'www', `part ${at % 9}`, `${at}.html`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `${mark} ${at}\n${'x'.repeat(at * 10)}`);
    }
    const made = await customer.client.submit(`/sites/${customer.site}/databases`, {
      ...{ charset: '', db_password: '', db_name: 'shop', engine: 'mariadb' },
    });
    if (made.status !== 303) throw new Error(`a database: ${made.status} ${made.text.slice(0, 3000)}`);
    this.#databases.push(this.databaseOf(customer));
    await ask(mariadb, this.databaseOf(customer), 'CREATE TABLE goods (word varchar(100))');
    await ask(mariadb, this.databaseOf(customer), `INSERT INTO goods VALUES ('${mark}')`);
    await customer.client.submit(`/sites/${customer.site}/backups`, {});
    const held = `select count(*) as count from tier_snapshots t join sites s on s.id = t.site_id
      where s.name = '${customer.site}' and t.state = 'kept'`;
    if (!(await this.house.until(async () => (await this.house.count(held)) === 2, 180)))
      throw new Error(`no tier has the backup of ${email}`);
    return customer;
  }

  databaseOf = ({ site }: Customer): string => `${site}_shop`;

  /** Also whether a user of that name is left. */
  async hasDatabase(customer: Customer): Promise<boolean> {
    const name = this.databaseOf(customer);
    const databases = await ask(mariadb, 'mysql', `SHOW DATABASES LIKE '${name}'`);
    const users = await ask(mariadb, 'mysql', `SELECT User FROM global_priv WHERE User = '${name}'`);
    return databases.length + users.length > 0;
  }

  /** Closes an account whose erasure is due at once. */
  async close({ site }: Customer): Promise<void> {
    const why = ['--because', 'operator', '--reason', 'a test', '--days', '0'];
    await this.#command(['customers', 'close', '--site', site, ...why]);
  }

  /** @returns every byte of a customer that the panel keeps, as digests and rows */
  async bytesOf(customer: Customer): Promise<string> {
    const { house } = this;
    const [site] = await house.rows(`select id, customer_id, order_id from sites where name = '${customer.site}'`);
    const own = ['sites', 'archives'].map((part) => this.data(part, customer.site));
    const tiers = ['short-term', 'long-term'].map((part) => join(this.#folder, part, String(site?.id)));
    const trees = await Promise.all([...own, this.data('held', String(site?.id)), ...tiers].map(digestOf));
    const rows = steadyTables.map(async (table) => {
      const found = await house.rows(`select * from ${table} where customer_id = '${site?.customer_id}'`);
      return `${table} ${found.map((row) => JSON.stringify(row)).sort()}`;
    });
    const goods = await ask(mariadb, this.databaseOf(customer), 'SELECT * FROM goods');
    return [...trees, ...(await Promise.all(rows)), JSON.stringify([site, goods])].join('\n');
  }

  async shut(): Promise<void> {
    await this.house.close();
    for (const name of this.#databases) {
      await ask(mariadb, 'mysql', `DROP DATABASE IF EXISTS \`${name}\``);
      for (const { account } of await accounts(`= '${name}'`)) await ask(mariadb, 'mysql', `DROP USER ${account}`);
    }
    const own = await accounts(`LIKE '${this.#accounts}\\_%'`);
    for (const { account } of own) await ask(mariadb, 'mysql', `DROP USER ${account}`);
  }
}

const digestOf = (folder: string) => treeDigest(folder).catch(() => 'nothing');
const accounts = (which: string) =>
  ask(mariadb, 'mysql', `SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) AS account FROM global_priv WHERE User ${which}`);
