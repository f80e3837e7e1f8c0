// The database is locked, moved, read-only, cut off: pages say so in words, the probe says so to machines, and all goes on by itself.
import { spawnSync } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { postgresServer } from '../support/databases.ts';
import { Client } from '../support/embedding/client.ts';
import { Customer, type SentUpload } from './customer.ts';
import { House, type HouseOptions } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { isShort, longTest, tell } from './seed.ts';

const houses: House[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

/** A running house with one customer, and what the customer does and is told meanwhile. */
async function inhabited(options: HouseOptions) {
  const house = await House.open(options);
  houses.push(house);
  await house.start();
  const customer = await new Customer(house, 'owner@example.com').arrive();
  const uploads: SentUpload[] = [];
  const statuses = new Map<string, number>();
  let number = 0;
  const noted = (what: string, status: number) => {
    statuses.set(`${what} ${status}`, (statuses.get(`${what} ${status}`) ?? 0) + 1);
    return status;
  };
  const upload = async () => {
    number += 1;
    const file = { name: `note-${number}.txt`, body: Buffer.from(`note ${number}`) };
    return noted('upload', (await customer.upload([file], (one) => uploads.push(one))).status ?? 0);
  };
  const page = async (path: string, client = customer.client) => {
    const { status, text } = await client.get(path);
    if (status === 503) expect(text).toMatch(/<h1[^>]*>[^<]*[가-힣]/);
    return noted('page', status);
  };
  const signIn = async () => noted('sign-in', await customer.signIn());
  const ready = async () => noted('ready', (await new Client(house.origin).get('/readyz')).status);
  /** @returns what is not as it should be when the fault is over */
  const after = async () => {
    const recovered = await house.until(async () => (await ready()) === 200, 30);
    expect(recovered).toBe(true);
    expect(await house.until(async () => (await upload()) === 303, 20)).toBe(true);
    // An attempt whose answer was cut off stays counted: after five of them the picture is asked for, as after five wrong passwords.
    expect((await signIn()) === 200 || (await customer.meetsPicture())).toBe(true);
    const left = await unsettled(house);
    return [...left, ...(await breaches(house, { customers: [customer], uploads, removals: [], backups: [] }))];
  };
  const known = [...'200 303 422 429 503'.split(' ')];
  const strange = () => [...statuses.keys()].filter((key) => !known.includes(key.split(' ')[1] ?? ''));
  return { house, customer, upload, page, signIn, ready, after, statuses, strange };
}

const figures = (statuses: Map<string, number>) => Object.fromEntries(statuses);

describe('SQLite', () => {
  test('while another process holds the write lock, writes answer 503 in words and pages are read; then all goes on', async () => {
    const it = await inhabited({ engine: 'sqlite' });
    const holder = new DatabaseSync(it.house.databaseUrl.slice('sqlite:'.length));
    holder.exec('begin immediate');
    const until = Date.now() + (isShort ? 7000 : 20_000);
    let refused = 0;
    while (Date.now() < until) {
      const [uploaded, ready, read] = await Promise.all([it.upload(), it.ready(), it.page('/')]);
      expect(ready).toBe(503);
      expect(read).toBe(200);
      if (uploaded === 503) refused += 1;
    }
    holder.exec('rollback');
    holder.close();
    expect(refused).toBeGreaterThan(0);
    expect(await it.after()).toEqual([]);
    expect(it.strange()).toEqual([]);
    tell('SQLite locked', figures(it.statuses));
  });

  longTest('while its file is moved away nothing is read from or written to the nameless one', async () => {
    const it = await inhabited({ engine: 'sqlite' });
    const file = it.house.databaseUrl.slice('sqlite:'.length);
    await rename(file, `${file}.away`);
    await sleep(1100);
    expect([await it.ready(), await it.page('/dashboard'), await it.upload(), await it.page('/signup')]).toEqual([
      503, 503, 503, 503,
    ]);
    await rename(`${file}.away`, file);
    expect(await it.after()).toEqual([]);
    expect(it.strange()).toEqual([]);
  });

  longTest('while its file may not be changed pages are read and writes answer 503', async ({ skip }) => {
    const it = await inhabited({ engine: 'sqlite' });
    const file = it.house.databaseUrl.slice('sqlite:'.length);
    const set = (flag: '+i' | '-i') => spawnSync('chattr', [flag, file, `${file}-wal`]).status === 0;
    if (!set('+i')) return skip('skipped: files cannot be made immutable here');
    await sleep(1100);
    try {
      expect([await it.ready(), await it.page('/dashboard'), await it.upload(), await it.signIn()]).toEqual([503, 200, 503, 503]);
    } finally {
      set('-i');
    }
    expect(await it.after()).toEqual([]);
    expect(it.strange()).toEqual([]);
  });
});

describe.skipIf(!postgresServer)(`PostgreSQL${postgresServer ? '' : ' (skipped: GOTGAN_TEST_POSTGRES is not set)'}`, () => {
  const engine = 'postgresql';
  const admin = async (house: House, text: string) => {
    const client = new pg.Client({ connectionString: house.databaseUrl, options: '-c default_transaction_read_only=off' });
    await client.connect();
    await client.query(text).finally(() => client.end());
  };
  const othersOf =
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';

  longTest('while a table is locked, who needs it is answered 503 within seconds, and everybody else is served', async () => {
    const it = await inhabited({ engine });
    const holder = new pg.Client({ connectionString: it.house.databaseUrl });
    await holder.connect();
    await holder.query('begin; lock table persons in access exclusive mode');
    const begun = performance.now();
    expect(await it.signIn()).toBe(503);
    expect(performance.now() - begun).toBeLessThan(12_000);
    expect([await it.page('/', new Client(it.house.origin)), await it.ready()]).toEqual([200, 200]);
    await holder.query('rollback');
    await holder.end();
    expect(await it.after()).toEqual([]);
    expect(it.strange()).toEqual([]);
  });

  longTest('every connection ended, again and again: answers are 303 or 503, and nothing acknowledged is lost', async () => {
    const it = await inhabited({ engine });
    for (let i = 0; i < (isShort ? 5 : 30); i += 1) {
      const acts = Promise.all([it.upload(), it.upload(), it.signIn(), it.page('/dashboard')]);
      await sleep(Math.random() * 150);
      await admin(it.house, othersOf);
      await acts;
    }
    expect(await it.after()).toEqual([]);
    expect(it.strange()).toEqual([]);
    tell('PostgreSQL connections ended', figures(it.statuses));
  });

  test('a server that is gone, silent or read-only: 503 in words, and all goes on when it is back', async () => {
    const proxy = await newProxy();
    const it = await inhabited({ engine, through: proxy.to });
    proxy.cut();
    expect([await it.page('/dashboard'), await it.upload(), await it.page('/signup', new Client(it.house.origin))]).toEqual([
      503, 503, 503,
    ]);
    expect(await it.ready()).toBe(503);
    proxy.open();
    expect(await it.after()).toEqual([]);
    proxy.silence();
    const begun = performance.now();
    expect(await it.page('/dashboard')).toBe(503);
    expect(performance.now() - begun).toBeLessThan(15_000);
    proxy.cut();
    proxy.open();
    expect(await it.after()).toEqual([]);
    const name = new URL(it.house.databaseUrl).pathname.slice(1);
    await admin(it.house, `alter database ${name} set default_transaction_read_only = on`);
    await admin(it.house, othersOf);
    await sleep(1100);
    expect([await it.ready(), await it.upload()]).toEqual([503, 503]);
    await admin(it.house, `alter database ${name} reset default_transaction_read_only`);
    await admin(it.house, othersOf);
    expect(await it.after()).toEqual([]);
    expect(it.strange()).toEqual([]);
    proxy.close();
    tell('PostgreSQL gone, silent, read-only', figures(it.statuses));
  });
});

/** Stands between the program and its server: open, cut off (refuses), or silent (takes bytes and passes none on). */
async function newProxy() {
  const sockets = new Set<Socket>();
  let target = { host: '127.0.0.1', port: 5432 };
  let mode: 'open' | 'cut' | 'silent' = 'open';
  const server = createServer((near) => {
    if (mode === 'cut') return void near.destroy();
    const far = connect(target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => to.destroy());
      from.on('data', (bytes) => mode !== 'silent' && to.write(bytes));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    to: async (url: URL) => {
      target = { host: url.hostname, port: Number(url.port || 5432) };
      const near = new URL(url);
      near.hostname = '127.0.0.1';
      near.port = String(typeof address === 'object' && address ? address.port : 0);
      return near;
    },
    open: () => {
      mode = 'open';
    },
    silence: () => {
      mode = 'silent';
    },
    cut: () => {
      mode = 'cut';
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
