// Databases in every state for the gates: made, loaded, stopped in the middle, running, deleted, and on a server that does not answer.
import { make, sendDump } from '../databases/owners.ts';
import { wordpressDump } from '../databases/wordpress-dump.ts';
import type { TestPanel, Visitor } from '../support/panel.ts';

export type DatabaseNames = {
  /** with tables, and an import that is done */
  readonly blog: string;
  readonly done: string;
  /** whose import was refused */
  readonly shop: string;
  readonly failed: string;
  /** of `troubled`: an import runs, and its server does not answer */
  readonly lost: string;
  readonly running: string;
  /** in the trash of the customer */
  readonly dump: string;
};

const lastPart = (location: string | undefined) => location?.split('/').at(-1) ?? '';

/** Databases of the customer; real ones on the real server. */
export async function fillDatabases(
  house: TestPanel,
  customer: Visitor,
  site: string,
): Promise<Omit<DatabaseNames, 'lost' | 'running'>> {
  const { origin } = house;
  const { id: blog } = await make(customer, site, { db_name: 'blog', engine: 'mariadb' });
  const { id: shop } = await make(customer, site, { db_name: 'a_shop_with_a_long_name', engine: 'mariadb' });
  const done = await sendDump(customer, origin, { site, id: blog, body: wordpressDump(30) });
  const body = 'CREATE TABLE a (id int);\n\nGRANT ALL ON *.* TO me;\n';
  const failed = await sendDump(customer, origin, { site, id: shop, body });
  const { id: old } = await make(customer, site, { db_name: 'old', engine: 'postgresql' });
  await customer.submit(`/sites/${site}/databases/${old}/deletion`, { confirm: '1' });
  await house.work();
  const { text } = await customer.get(`/sites/${site}/databases/trash`);
  const dump = /databases\/trash\/([0-9a-f-]{36})\/restoration/.exec(text)?.[1] ?? '';
  return { blog, shop, done: lastPart(done.headers.location), failed: lastPart(failed.headers.location), dump };
}

/** A database whose import is in the middle, and whose server is then gone. */
export async function loseDatabase(
  house: TestPanel,
  troubled: Visitor,
  site: string,
): Promise<Pick<DatabaseNames, 'lost' | 'running'>> {
  const { id: lost } = await make(troubled, site, { db_name: 'forum', engine: 'postgresql' });
  const { connection, databases } = house.panel.doors;
  await databases.measure(house.clock.now() + 1);
  const sent = await sendDump(troubled, house.origin, { site, id: lost, body: 'CREATE TABLE a (id int);\n' });
  const running = lastPart(sent.headers.location);
  const change = { state: 'running', read_bytes: 12, lines: 4821, moved_at: house.clock.now(), run_id: 'somebody' } as const;
  await connection.write(async (tx) => {
    await tx.updateTable('database_imports').set(change).where('id', '=', running).execute();
    // The other engine of the same server answers.
    await tx.updateTable('database_servers').set({ port: 1 }).where('engine', '=', 'postgresql').execute();
  });
  return { lost, running };
}

/** Puts a site on a server without databases. */
export async function moveAway(house: TestPanel, site: string): Promise<void> {
  await house.panel.doors.connection.write(async (tx) => {
    const server = await tx.selectFrom('servers').selectAll().executeTakeFirstOrThrow();
    const other = { ...server, id: `${server.id.slice(0, -4)}ffff`, name: 'without-databases', drained_at: house.clock.now() };
    await tx.insertInto('servers').values(other).execute();
    await tx.updateTable('sites').set({ server_id: other.id }).where('name', '=', site).execute();
  });
}
