// A panel with two servers of different kinds, each with its own database engines, and a site that has everything a site can have.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoppedClock } from '../../src/platform/clock.ts';
import type { DatabaseEngine } from '../../src/platform/database-server/port.ts';
import type { Server, Site } from '../../src/sites/sites.ts';
import { administrator } from '../support/database-servers.ts';
import { dropHosted } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { type SecondEngine, secondEngine } from '../support/second-engines.ts';

export const operator = { kind: 'operator' } as const;

export type MoveHouse = TestPanel & {
  /** a folder of this machine for anything */
  readonly base: string;
  /** Adds a server of the kind `folders`. */
  addFolders(name: string, more?: Partial<Pick<Server, 'group' | 'ftpHost' | 'ftpPort'>>): Promise<Server>;
  /** Makes an engine known for a server: this machine's, or a second one. */
  giveEngine(server: Server, engine: DatabaseEngine, second?: SecondEngine): Promise<void>;
  site(name: string): Promise<Site>;
  /** Does jobs and lets time go on until the move has ended. */
  untilEnded(moveId: string): Promise<string>;
};

export async function startMoveHouse(): Promise<MoveHouse> {
  const house = await startPanel({
    clock: new StoppedClock(Date.now()),
    operatorEmail: 'operator@example.com',
    limitsScale: 1000,
  });
  const base = await mkdtemp(join(tmpdir(), 'gotgan-moves-'));
  await chmod(base, 0o755);
  const { doors } = house.panel;
  const plain = { group: 'web', hostKind: 'folders', hostCommand: null, ftpHost: null, ftpPort: null } as const;
  return {
    ...house,
    base,
    addFolders: (name, more = {}) => doors.sites.servers.add({ ...plain, name, storage: join(base, name), ...more }, operator),
    giveEngine: async (server, engine, second) => {
      const access = second?.access ?? administrator(engine);
      await doors.databases.registerServer({ serverId: server.id, access }, operator);
    },
    site: (name) => doors.sites.byName(name),
    untilEnded: async (moveId) => {
      for (let rounds = 0; rounds < 200; rounds += 1) {
        await house.work();
        const move = await doors.moves.byId(moveId);
        if (move?.endedAt != null) return move.step;
        house.clock.advance(10_000);
      }
      throw new Error(`the move has not ended: ${JSON.stringify(await doors.moves.byId(moveId))}`);
    },
    close: async () => {
      await dropHosted(house).finally(() => house.close());
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** @returns a signed-in owner and the name of their site */
export async function arrive(house: TestPanel, email: string): Promise<{ visitor: Visitor; name: string }> {
  const visitor = new Visitor(house);
  return { visitor, name: await visitor.arrive(email, { plan: 'tree' }) };
}

export const eucKr = Buffer.from([0xb0, 0xf7, 0xb0, 0xa3, 0x2e, 0x74, 0x78, 0x74]);

/** Lays into a site's `www` what years of a site leave there: times, modes, links, empty folders, names of three sorts. */
export async function fill(www: string): Promise<void> {
  await mkdir(join(www, 'shop/empty'), { recursive: true });
  await mkdir(join(www, '사진'));
  await writeFile(join(www, 'index.php'), '<?php echo 1;');
  await writeFile(join(www, '사진/봄.txt'), '봄');
  // Decomposed, as a Mac sends it, beside the same name composed.
  await writeFile(join(www, '사진', '봄.txt'.normalize('NFD')), 'decomposed');
  await writeFile(Buffer.concat([Buffer.from(`${www}/`), eucKr]), 'EUC-KR');
  await writeFile(join(www, 'shop/run.sh'), '#!/bin/sh\n');
  await chmod(join(www, 'shop/run.sh'), 0o750);
  await writeFile(join(www, 'shop/read-only.txt'), 'x');
  await chmod(join(www, 'shop/read-only.txt'), 0o440);
  await symlink('shop/run.sh', join(www, 'link'));
  await symlink('../nowhere', join(www, 'dangling'));
  await writeFile(join(www, 'big.bin'), Buffer.alloc(3_000_000, 'Gotgan '));
  const old = new Date('2019-05-06T07:08:09Z');
  for (const name of ['index.php', 'shop/run.sh', 'big.bin', 'shop/empty']) await utimes(join(www, name), old, old);
}

/** @returns every entry below the folder with its bytes of name, kind, time, content and target, a line each; modes where asked for */
export function listed(www: string, modes = true): string {
  const format = `%P\\0%y\\0%Ts\\0%l${modes ? '\\0%m' : ''}\\n`;
  // Of folders only what is in them: their own times change by looking at who owns them.
  const tree = execFileSync('find', [www, '-mindepth', '1', '-printf', format], { encoding: 'latin1' });
  const sums = execFileSync('sh', ['-c', 'cd "$0" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum', www], {
    encoding: 'latin1',
  });
  return `${tree.split('\n').sort().join('\n')}\n${sums}`;
}

export { secondEngine };
