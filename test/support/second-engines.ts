// A second MariaDB and a second PostgreSQL on this machine, as another server of a company has them: empty, on ports of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseServer } from '../../src/platform/database-server/open.ts';
import type { DatabaseAccess, DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { freshMariaDb, freshPostgreSql } from './fresh-engines.ts';

export type SecondEngine = {
  /** an administrator's */
  readonly access: DatabaseAccess;
  close(): Promise<void>;
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs as root: the engines run as the users that their packages made. */
export async function secondEngine(engine: DatabaseEngine): Promise<SecondEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-engine-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  const fresh = engine === 'mariadb' ? freshMariaDb : freshPostgreSql;
  const { program, args } = await fresh(join(folder, 'own'), port);
  const child = spawn(program, args, { stdio: 'ignore', cwd: folder });
  const access = { engine, host: '127.0.0.1', port, user: engine === 'mariadb' ? 'root' : 'postgres', password: '' };
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(engine === 'mariadb' ? 'SIGTERM' : 'SIGINT');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300; tries += 1) {
    if (await databaseServer(access).check().then(yes, no)) return { access, close };
    await sleep(100);
  }
  await close();
  throw new Error(`the second ${engine} did not answer`);
}

const yes = () => true;
const no = () => false;
