// The real panel's database and folders, a site in it, and the real worker as a process of its own.
import { fork } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backup } from '../../src/backups/backups.ts';
import { createPanel } from '../../src/panel.ts';
import { newId } from '../../src/platform/ids.ts';
import { workerEnvironment, workerFlags } from '../../src/serve.ts';
import type { Site } from '../../src/sites/sites.ts';
import { inherited } from '../../test/support/program.ts';

const bin = new URL('../../bin/gotgan.mjs', import.meta.url);
const secret = 'a secret for measurements only, long enough to be one';

export type Done = {
  /** the archive on this disk */
  readonly archive: string;
  /** from the beginning of the job to "made": archive and row are durable */
  readonly makingSeconds: number;
  /** from "made" to "verified", the next job's start included */
  readonly checkingSeconds: number;
};

export type House = Awaited<ReturnType<typeof openHouse>>;

/** @param folder of the panel's data, made here */
export async function openHouse(folder: string) {
  await mkdir(folder, { recursive: true });
  const panel = await createPanel({ publicUrl: 'http://127.0.0.1:3000', secret, dataFolder: folder, logLevel: 'silent' });
  const { doors } = panel;
  return {
    doors,
    wwwOf: (site: Site) => join(folder, 'sites', site.name, 'www'),
    /** Opens a site whose owner may ask for as many backups as are measured. */
    async openSite(): Promise<Site> {
      const now = doors.clock.now();
      const [customerId, orderId] = [newId(now), newId(now)];
      const name = await doors.connection.write(async (tx) => {
        await tx
          .insertInto('orders')
          .values(orderOf(orderId, customerId, now))
          .execute();
        return doors.sites.prepare(tx, { id: orderId, customerId, storageBytes: 1e12 }, { kind: 'system' });
      });
      await doors.queue.drain({ 'sites.open': (run) => doors.sites.open(String(run.payload.siteId)) });
      return doors.sites.find({ customerId, siteIds: null }, name);
    },
    /** Asks for a backup and waits until a worker has made and checked it. */
    async backUp(site: Site): Promise<Done> {
      const id = await doors.backups.makeNow(site, { kind: 'operator' });
      for (;;) {
        const backup = await doors.backups.byId(site, id);
        if (backup.reason) throw new Error(`the backup that was to be measured says ${backup.reason}`);
        if (backup.verifiedAt !== null)
          return { archive: join(folder, 'archives', site.name, backup.fileName ?? ''), ...timesOf(backup) };
        await sleep(100);
      }
    },
    close: () => panel.close(),
  };
}

function timesOf({ startedAt, madeAt, verifiedAt }: Backup) {
  const [begun, made, verified] = [startedAt ?? 0, madeAt ?? 0, verifiedAt ?? 0];
  return { makingSeconds: (made - begun) / 1000, checkingSeconds: (verified - made) / 1000 };
}

const orderOf = (id: string, customer_id: string, now: number) => ({
  id,
  customer_id,
  actor_person_id: null,
  plan: 'measured',
  price_won: 0,
  storage_bytes: 1e12,
  manual_backups: 1000,
  backup_variant: 'none' as const,
  placed_at: now,
  consented_at: now,
  ended_at: null,
});

/** The worker as `gotgan serve` starts it, on the same data. */
export function startWorker(folder: string, more: Readonly<Record<string, string>> = {}) {
  const env = {
    ...inherited,
    DATA_DIR: folder,
    SECRET: secret,
    PUBLIC_URL: 'http://127.0.0.1:3000',
    ...workerEnvironment,
    ...more,
  };
  const child = fork(bin, ['work', '--child'], { execArgv: workerFlags, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    /** the most memory that was resident since the start, in MiB (Linux) */
    async peak(): Promise<number> {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
    },
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
