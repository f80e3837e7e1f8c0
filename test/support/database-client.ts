// A customer's program on a database: the drivers alone, without the panel.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { DatabaseAccess } from '../../src/platform/database-server/port.ts';

export type Client = { rows(sql: string): Promise<Record<string, unknown>[]>; end(): Promise<void> };

/** @throws the driver's error when the server does not let it in */
export async function client(access: DatabaseAccess, database: string): Promise<Client> {
  const { host, port, user, password } = access;
  if (access.engine === 'mariadb') {
    const connection = await mysql.createConnection({ host, port, user, password, database, charset: 'utf8mb4' });
    (connection as unknown as NodeJS.EventEmitter).on('error', () => {});
    return {
      rows: async (sql) => (await connection.query(sql))[0] as Record<string, unknown>[],
      end: async () => connection.destroy(),
    };
  }
  const connection = new pg.Client({ host, port, user, password, database });
  connection.on('error', () => {});
  await connection.connect();
  return { rows: async (sql) => (await connection.query(sql)).rows, end: () => connection.end() };
}

/** One statement, and the rows of it. */
export async function ask(access: DatabaseAccess, database: string, sql: string): Promise<Record<string, unknown>[]> {
  const connection = await client(access, database);
  try {
    return await connection.rows(sql);
  } finally {
    await connection.end();
  }
}

/** Whether the server takes this password: asked at the door, or of what PostgreSQL keeps (its door may be open to all on this machine). */
export async function isPassword(
  administrator: DatabaseAccess,
  database: string,
  user: string,
  password: string,
): Promise<boolean> {
  if (administrator.engine === 'mariadb') {
    const login = await client({ ...administrator, user, password }, database).catch(() => undefined);
    await login?.end();
    return login !== undefined;
  }
  const [row] = await ask(administrator, 'postgres', `SELECT rolpassword FROM pg_authid WHERE rolname = '${user}'`);
  const [, rounds, salt, stored] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(String(row?.rolpassword)) ?? [];
  const salted = pbkdf2Sync(password.normalize('NFKC'), Buffer.from(String(salt), 'base64'), Number(rounds), 32, 'sha256');
  const key = createHmac('sha256', salted).update('Client Key').digest();
  return createHash('sha256').update(key).digest('base64') === stored;
}
