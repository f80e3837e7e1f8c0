// SQL texts loaded into real databases: copies that are the same, lines of faults that are right, and everything a hostile text may try.
import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { LoadOptions } from '../../src/platform/database-server/port.ts';
import { blog } from '../support/database-blog.ts';
import { ask } from '../support/database-client.ts';
import { type DatabaseWorld, databaseWorld, engines, type Hosted } from '../support/database-servers.ts';

const bytes = (sql: string | Buffer, size = 60_000) => {
  const all = Buffer.isBuffer(sql) ? sql : Buffer.from(sql);
  return Readable.from(
    (function* () {
      for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
    })(),
  );
};
const fault = (line: number, reason: string, about?: unknown) =>
  expect.objectContaining({ name: 'LoadFault', line, reason, ...(about !== undefined && { about }) });
const refused = (status: number) => expect.objectContaining({ name: 'PanelError', status });

describe.each(engines)('a text loaded into a database: %s', (engine) => {
  /** What the other engine does not have is no test of it. */
  const only = (wanted: typeof engine): typeof test | (() => void) => (engine === wanted ? test : () => {});
  let world: DatabaseWorld;

  beforeAll(async () => {
    world = await databaseWorld(engine);
  });
  afterEach(() => world.tidy());
  afterAll(() => world.close());

  const load = (database: Hosted, sql: string | Buffer, options: LoadOptions = {}, size?: number) =>
    world.server.load(database, bytes(sql, size), options);
  const on = (database: Hosted, sql: string) => ask(world.as(database), database.name, sql);

  async function blogDump(): Promise<{ shop: Hosted; sql: string }> {
    const shop = await world.database();
    for (const sql of blog[engine].make) await on(shop, sql);
    const into = new PassThrough();
    const [sql] = await Promise.all([text(into), world.server.dump(shop, into)]);
    return { shop, sql };
  }

  test.each([1_000_000, 1000, 13, 1])('a dump of the panel is the same database again, in pieces of %i bytes', async (size) => {
    const { shop, sql } = await blogDump();
    const copy = await world.database();
    const { lines } = await load(copy, sql, {}, size);
    expect(lines).toBe(sql.split('\n').length);
    for (const question of blog[engine].questions) expect(await on(copy, question)).toEqual(await on(shop, question));
  });

  test('what a load made belongs to the user of the database, who can change and drop it', async () => {
    const { sql } = await blogDump();
    const copy = await world.database();
    await load(copy, sql);
    await on(copy, 'DROP VIEW a_recent_few');
    await on(copy, 'ALTER TABLE wp_posts ADD COLUMN extra int');
    await on(copy, 'DROP FUNCTION counted');
  });

  test('the password of the user, and its being locked, are the same after a load', async () => {
    const copy = await world.database();
    await load(copy, 'CREATE TABLE t (id int);');
    expect(await on(copy, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await world.server.lock(copy);
    await expect(load(copy, 'CREATE TABLE u (id int);')).rejects.toEqual(refused(409));
    await expect(on(copy, 'SELECT 1')).rejects.toThrow();
  });

  test('two loads into one database at once: one is told to wait', async () => {
    const copy = await world.database();
    const slow = new PassThrough();
    slow.write('CREATE TABLE t (id int);\n');
    const first = world.server.load(copy, slow);
    await expect.poll(() => on(copy, 'SELECT * FROM t').catch(() => 'not yet')).toEqual([]);
    await expect(load(copy, 'CREATE TABLE u (id int);')).rejects.toEqual(refused(409));
    slow.end('INSERT INTO t VALUES (1);');
    await first;
    expect(await on(copy, 'SELECT id FROM t')).toEqual([{ id: 1 }]);
  });

  test.each([
    ['a mark of the byte order', '\ufeffCREATE TABLE t (id int);'],
    ['Windows lines', 'CREATE TABLE t\r\n(id int)\r\n;\r\n'],
    ['comments everywhere', '-- a; b\n/* c; d */CREATE /* e;f */ TABLE t -- ;\n(id int);--\n'],
    ['nothing behind the last statement', 'CREATE TABLE t (id int)'],
    ['empty statements', ';;\n;CREATE TABLE t (id int);;'],
  ])('a text with %s is read', async (_what, sql) => {
    const copy = await world.database();
    await load(copy, sql, {}, 3);
    expect(await on(copy, 'SELECT * FROM t')).toEqual([]);
  });

  test('a text in UTF-16 is refused with a word that says so', async () => {
    const copy = await world.database();
    await expect(load(copy, Buffer.from('\ufeffCREATE TABLE t (id int);', 'utf16le'))).rejects.toEqual(
      fault(1, 'refused', 'UTF-16'),
    );
  });

  test('an empty text is loaded, and makes nothing', async () => {
    const copy = await world.database();
    expect(await load(copy, '')).toEqual({ lines: 1, neutralised: 0 });
  });

  test('a fault is told by its line in the text, and what came before it is loaded', async () => {
    const copy = await world.database();
    const sql =
      'CREATE TABLE t (id int PRIMARY KEY);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES\n(2);\n\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (3);\n';
    await expect(load(copy, sql)).rejects.toEqual(fault(6, 'engine', expect.stringMatching(/^ER_DUP_ENTRY|^23505/)));
    expect(await on(copy, 'SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('a fault inside of a long statement has the line inside of it', async () => {
    const copy = await world.database();
    await expect(load(copy, 'SELECT 1;\nCREATE TABLE t (\n  id int,\n  n int oops oops,\n  m int\n);\n')).rejects.toEqual(
      fault(4, 'engine', expect.any(String)),
    );
  });

  test('what the engine says is told without values', async () => {
    const copy = await world.database();
    const secret = "'kim@example.com''s \"secret\" `x`'";
    for (const sql of [
      `CREATE TABLE t (id varchar(60) PRIMARY KEY);\nINSERT INTO t VALUES (${secret});\nINSERT INTO t VALUES (${secret});`,
      `CREATE TABLE u (id int);\nINSERT INTO u VALUES (${secret});`,
      `SELECT ${secret} FROM WHERE;`,
    ])
      await expect(load(copy, sql)).rejects.toSatisfy((error: Error) => !/kim|secret/.test(error.message));
  });

  test('a text that breaks off is no whole one', async () => {
    const copy = await world.database();
    await expect(load(copy, "CREATE TABLE t (id int);\nINSERT INTO t VALUES ('abc\nde")).rejects.toEqual(fault(3, 'cutOff'));
    await expect(load(copy, 'SELECT 1;\n/* no end')).rejects.toEqual(fault(2, 'cutOff'));
    await expect(load(copy, 'SELECT 1;\nINSERT INTO t VALUES (1), (')).rejects.toEqual(fault(2, 'cutOff'));
    const broken = new PassThrough();
    broken.write('SELECT 1;\n\n');
    const progress = () => broken.destroy(Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR' }));
    await expect(world.server.load(copy, broken, { progress })).rejects.toEqual(fault(3, 'cutOff', 'Z_BUF_ERROR'));
  });

  test('a load that is stopped ends, and leaves nobody inside', async () => {
    const copy = await world.database();
    const stop = new AbortController();
    const endless = new PassThrough();
    endless.write('CREATE TABLE t (id int);\n');
    const loading = world.server.load(copy, endless, { signal: stop.signal });
    await expect.poll(() => on(copy, 'SELECT * FROM t').catch(() => 'not yet')).toEqual([]);
    stop.abort(new Error('stopped'));
    endless.end();
    await expect(loading).rejects.toThrow('stopped');
    await load(copy, 'CREATE TABLE u (id int);');
  });

  test('a database that has grown too large ends the load', async () => {
    const copy = await world.database();
    const told: number[] = [];
    const row = `INSERT INTO t VALUES ('${'곳간'.repeat(160)}');\n`;
    const sql = `CREATE TABLE t (words varchar(1000));\n${row.repeat(30_000)}`;
    await expect(load(copy, sql, { maximumBytes: 4_000_000, progress: ({ bytes: at }) => told.push(at) })).rejects.toEqual(
      fault(expect.any(Number), 'full', 'maximumBytes'),
    );
    expect(told.at(-1)).toBeLessThan(Buffer.byteLength(sql));
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });

  test('a line of a million signs, and many thousand lines', async () => {
    const copy = await world.database();
    const long = `INSERT INTO t VALUES ('${'x'.repeat(1_000_000)}');`;
    const { lines } = await load(
      copy,
      `CREATE TABLE t (words ${engine === 'mariadb' ? 'longtext' : 'text'});${'\n'.repeat(50_000)}${long}\n`,
    );
    expect(lines).toBe(50_002);
    await expect(load(copy, `${'\n'.repeat(9)}${long}GRANT ALL;`)).rejects.toEqual(fault(10, 'refused', 'GRANT'));
  });

  test('a connection that is cut in the middle is a fault with its line', async () => {
    const copy = await world.database();
    await throughProxy(async (port, proxy) => {
      const server = databaseServer({ ...world.panel, port }, { home: world.home });
      const source = new PassThrough();
      source.write('CREATE TABLE t (id int);\n');
      const loading = server.load(copy, source);
      await expect.poll(() => on(copy, 'SELECT * FROM t').catch(() => 'not yet')).toEqual([]);
      proxy.cut();
      source.end('\nINSERT INTO t VALUES (1);\n');
      await expect(loading).rejects.toSatisfy(
        (error: Error & { line?: number; status?: number }) => error.line === 3 || error.status === 503,
      );
    });
  });

  test('a server that says nothing any more is given up within its time', async () => {
    const copy = await world.database();
    await throughProxy(async (port, proxy) => {
      const server = databaseServer(
        { ...world.panel, port },
        { home: world.home, limits: { connect: 700, statement: 700, work: 1500 } },
      );
      await server.check();
      proxy.silence();
      const before = performance.now();
      await expect(server.check()).rejects.toEqual(refused(503));
      await expect(server.tables(copy)).rejects.toEqual(refused(503));
      await expect(server.load(copy, bytes('SELECT 1;'))).rejects.toEqual(refused(503));
      const into = new PassThrough();
      await expect(server.dump(copy, into)).rejects.toEqual(refused(503));
      expect(into.destroyed).toBe(true);
      expect(performance.now() - before).toBeLessThan(20_000);
    });
  });

  test('a server that says nothing any more in the middle of a load is given up within its time', async () => {
    const copy = await world.database();
    await throughProxy(async (port, proxy) => {
      const limits = { connect: 5000, statement: 1500, work: 1500 };
      const server = databaseServer({ ...world.panel, port }, { home: world.home, limits });
      const source = new PassThrough();
      source.write('CREATE TABLE t (id int);\n');
      const loading = server.load(copy, source);
      await expect.poll(() => on(copy, 'SELECT * FROM t').catch(() => 'not yet')).toEqual([]);
      proxy.silence();
      source.end('INSERT INTO t VALUES (1);\n');
      await expect(loading).rejects.toSatisfy(
        (error: Error & { status?: number }) => error.name === 'LoadFault' || error.status === 503,
      );
    });
  });

  only('mariadb')('rows that are committed together end where the text has a transaction of its own', async () => {
    const copy = await world.database();
    const sql = [
      'CREATE TABLE t (id int PRIMARY KEY) ENGINE=InnoDB;',
      'INSERT INTO t VALUES (1);',
      'ROLLBACK;',
      'INSERT INTO t VALUES (2);',
      'START TRANSACTION;',
      'INSERT INTO t VALUES (3);',
      'ROLLBACK;',
      'SET autocommit=0;',
      'INSERT INTO t VALUES (4);',
      'ROLLBACK;',
      'INSERT INTO t VALUES (5);',
      'INSERT INTO t VALUES (5);',
    ];
    // As without them: what was committed stays, and so does what came before a fault.
    await expect(load(copy, sql.join('\n'))).rejects.toEqual(fault(12, 'engine', expect.stringContaining('ER_DUP_ENTRY')));
    expect(await on(copy, 'SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 5 }]);
  });

  only('mariadb')('a view that the text leaves without its table is a fault of the load', async () => {
    const copy = await world.database();
    const sql = 'CREATE TABLE t (id int);\nCREATE VIEW v AS SELECT id FROM t;\nDROP TABLE t;\n';
    await expect(load(copy, sql)).rejects.toEqual(fault(4, 'engine', 'ER_VIEW_INVALID: v'));
  });

  /** A way to the server that can be cut, or go silent. */
  async function throughProxy(work: (port: number, proxy: { cut(): void; silence(): void }) => Promise<void>): Promise<void> {
    const sockets = new Set<Socket>();
    let silent = false;
    const proxy = createServer((near) => {
      const far = dial(world.panel.port, world.panel.host);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => {});
        from.on('data', (chunk) => silent || to.write(chunk));
        from.on('close', () => to.destroy());
      }
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const cut = () => {
      for (const socket of sockets) socket.destroy();
    };
    try {
      await work((proxy.address() as { port: number }).port, {
        cut,
        silence: () => {
          silent = true;
        },
      });
    } finally {
      cut();
      proxy.close();
    }
  }
});
