// What a backup host takes away: by its own policy, and a site's erasure when the panel asks for it; nothing under its floor (ruling 9).
import { day, LocalTime } from '../platform/clock.ts';
import { tierRetention } from '../tiers/tiers.ts';
import { aboveFloor, mayErase, type OwnCopy } from './floor.ts';
import type { RoundParts } from './host-parts.ts';
import type { SiteNotes } from './ledger.ts';

/** A part a week: everything was read back once in twenty weeks. */
const checkParts = 20;
const checkEvery = 7 * day;

const ageOf = (notes: SiteNotes, backupId: string, now: number) => Math.max(0, now - (notes.copies[backupId] ?? now));

/** The policy is the host's own; of the panel's rows it takes only which copies could not be read back. */
export async function retain(parts: RoundParts, siteId: string): Promise<void> {
  const { tier, ledger, rows, clock, floor, signal } = parts;
  const held = await tier.list(siteId, signal);
  const notes = await ledger.notes(siteId);
  const now = ledger.now();
  const damaged = await rows.damaged(siteId);
  const local = new LocalTime(parts.timeZone);
  const asHeld = held.map(({ backupId, dataAt }) => {
    return { backupId, day: local.day(dataAt), dataAt, good: !damaged.has(backupId), age: ageOf(notes, backupId, now) };
  });
  const policy = { tier: parts.name, keep: parts.keep, floor: 0 };
  const decisions = new Map(tierRetention(asHeld, policy, clock.now()).map((one) => [one.backupId, one]));
  const goes = aboveFloor(asHeld, floor).filter(({ backupId }) => decisions.get(backupId)?.keep === false);
  if (goes.length > 0) {
    const ids = goes.map(({ backupId }) => backupId);
    // The tier has a floor of its own, by the moments of the data.
    await tier.forget(siteId, ids, clock.now() - floor.days * day, signal);
  }
  const left = new Set((goes.length > 0 ? await tier.list(siteId, signal) : held).map(({ backupId }) => backupId));
  const copies = Object.fromEntries([...left].map((id) => [id, notes.copies[id] ?? now]));
  await ledger.write(siteId, { ...notes, copies });
  const reasons = [...left].map((id): [string, readonly string[]] => {
    const own = decisions.get(id)?.reasons ?? [];
    return [id, own.length > 0 ? own : ['tiers.keptFloor']];
  });
  await rows.retained(siteId, new Map(reasons), clock.now());
}

/**
 * Erases sites whose erasure the panel asks for, once that has stood for the floor's days and nothing younger lies here, at most so many
 * a day. An order that is withdrawn counts anew when it comes again.
 * @returns how many were erased, and how many wait
 */
export async function obeyErasures(parts: RoundParts): Promise<{ erased: number; waiting: number }> {
  const { rows, ledger, floor, log, erasuresADay } = parts;
  const asked = await rows.erasures();
  let [erased, waiting] = [0, 0];
  for (const siteId of await ledger.sites()) {
    const outcome = await obey(parts, siteId, asked.has(siteId)).catch((err) => {
      if (parts.signal.aborted) throw err;
      log.warn({ site: siteId, err }, 'an erasure failed');
      return 'waits' as const;
    });
    if (outcome === 'erased') erased += 1;
    if (outcome === 'waits') waiting += 1;
  }
  if (waiting > 0) log.warn({ waiting, days: floor.days, erasuresADay }, 'sites are asked to be erased, and wait for the floor');
  return { erased, waiting };
}

async function obey(parts: RoundParts, siteId: string, isAsked: boolean): Promise<'erased' | 'waits' | 'stays'> {
  const { ledger, floor, erasuresADay, tier, signal } = parts;
  const notes = await ledger.notes(siteId);
  const since = isAsked ? (notes.erasureSince ?? ledger.now()) : null;
  if (since !== notes.erasureSince) await ledger.write(siteId, { ...notes, erasureSince: since });
  if (since === null) return 'stays';
  const now = ledger.now();
  const held = (await tier.list(siteId, signal)).map(({ backupId }): OwnCopy => {
    return { backupId, age: ageOf(notes, backupId, now) };
  });
  if (!mayErase(held, now - since, floor) || ledger.erasedLately() >= erasuresADay) return 'waits';
  await eraseSite(parts, siteId);
  return 'erased';
}

/** The key first: from then on nobody can open what is left. */
async function eraseSite({ keys, tier, ledger, log, signal }: RoundParts, siteId: string): Promise<void> {
  await keys.destroy(siteId);
  await tier.remove(siteId, signal);
  await ledger.erased(siteId);
  log.warn({ site: siteId }, 'erased, as the panel asked');
}

/** Reads back a part of what lies here of a site, another one each week. */
export async function checkWhenDue({ tier, ledger, rows, clock, signal, log }: RoundParts, siteId: string): Promise<void> {
  const notes = await ledger.notes(siteId);
  const at = ledger.now();
  const isDue = Object.keys(notes.copies).length > 0 && at - (notes.checkedAt ?? 0) >= checkEvery;
  if (!isDue && notes.checkedAt !== null) return;
  // The first one is due a week after the first copy.
  if (!isDue) return ledger.write(siteId, { ...notes, checkedAt: at });
  const part = { part: (notes.checks % checkParts) + 1, parts: checkParts };
  const { damaged, complaint, bytes } = await tier.check(siteId, part, signal);
  await ledger.write(siteId, { ...notes, checkedAt: at, checks: notes.checks + 1 });
  await rows.checked(siteId, { damaged, complaint, bytes, checks: notes.checks + 1, at: clock.now() });
  // No room is given back in what is damaged.
  if (!complaint) return tier.tidy(siteId, signal);
  log.warn({ site: siteId, complaint, damaged: damaged.length }, 'what lies here could not be read back');
}
