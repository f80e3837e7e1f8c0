// A backup host's round: goes to the panel's database, pulls what waits, lays what was asked for, takes away what it may, and is gone again (KHADA 8.7, 8.8).
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '../platform/database/database.ts';
import { lockFolder } from '../platform/tier/working-lock.ts';
import type { HostParts, RoundParts } from './host-parts.ts';
import { HostRows, type Work } from './host-rows.ts';
import { checkWhenDue, obeyErasures, retain } from './obeying.ts';
import { pull } from './pulling.ts';
import { push } from './pushing.ts';

export { toldFault } from './host-faults.ts';
export type { HostParts } from './host-parts.ts';
export { Ledger } from './ledger.ts';
export { localKeys } from './local-keys.ts';
export { serverList } from './server-list.ts';

export type Round = {
  readonly pulled: number;
  readonly failed: number;
  readonly staged: number;
  readonly erased: number;
  readonly waiting: number;
};

const mostAtOnce = 500;
/** Web servers that are reached at the same time; of one site one after the other. */
const sideBySide = 3;

/**
 * One round. The connection to the database is the host's own and ends with it; so do those to servers, each with its job.
 * @throws TierFault BUSY while another process of this host is at it; PanelError 503 when the database does not answer
 */
export async function round(host: HostParts, open: () => Promise<Connection>, signal: AbortSignal): Promise<Round> {
  const unlock = await lockFolder(host.working);
  try {
    const arriving = join(host.working, 'arriving');
    await rm(arriving, { recursive: true, force: true });
    await host.ledger.keepTime();
    const connection = await open();
    try {
      return await work({ ...host, working: arriving, rows: new HostRows(connection, host.name), signal });
    } finally {
      await connection.close();
    }
  } finally {
    await host.ledger.keepTime();
    await unlock();
  }
}

async function work(parts: RoundParts): Promise<Round> {
  const { rows, ledger, clock, signal } = parts;
  const waiting = await rows.work(mostAtOnce);
  const outcomes = await bySite(waiting, (one) => (signal.aborted ? Promise.resolve(false) : pull(parts, one)));
  const staged: boolean[] = [];
  for (const asked of await rows.stagings(mostAtOnce)) if (!signal.aborted) staged.push(await push(parts, asked));
  const isSweep = ledger.sweepDue();
  const touched = new Set(isSweep ? await ledger.sites() : waiting.map(({ site_id }) => site_id));
  for (const siteId of touched) if (!signal.aborted) await lookAfter(parts, siteId);
  const erasures = isSweep ? await obeyErasures(parts) : undefined;
  const counted = erasures && { copies: await copiesOf(parts), erasures_waiting: erasures.waiting };
  await rows.seen({ seen_at: clock.now(), ...counted });
  const pulled = outcomes.filter(Boolean).length;
  return {
    pulled,
    failed: outcomes.length - pulled,
    staged: staged.filter(Boolean).length,
    erased: erasures?.erased ?? 0,
    waiting: erasures?.waiting ?? 0,
  };
}

/** A site that fails keeps no other from its turn. */
async function lookAfter(parts: RoundParts, siteId: string): Promise<void> {
  try {
    await retain(parts, siteId);
    await checkWhenDue(parts, siteId);
  } catch (err) {
    if (parts.signal.aborted) throw err;
    parts.log.warn({ site: siteId, err }, 'retention or check failed');
  }
}

async function copiesOf({ ledger }: RoundParts): Promise<number> {
  let copies = 0;
  for (const siteId of await ledger.sites()) copies += Object.keys((await ledger.notes(siteId)).copies).length;
  return copies;
}

async function bySite(all: readonly Work[], act: (work: Work) => Promise<boolean>): Promise<boolean[]> {
  const sites = Map.groupBy(all, ({ site_id }) => site_id).values();
  const outcomes: boolean[] = [];
  const hand = async () => {
    for (let next = sites.next(); !next.done; next = sites.next()) for (const one of next.value) outcomes.push(await act(one));
  };
  await Promise.all(Array.from({ length: sideBySide }, hand));
  return outcomes;
}
