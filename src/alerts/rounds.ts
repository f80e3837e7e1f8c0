// Letters by the calendar: the weekly one of all sites, and the reminder of who has not downloaded for a month.
import { Cron } from 'croner';
import type { BackupCard } from '../backups/backups.ts';
import { day } from '../platform/clock.ts';
import type { Site } from '../sites/sites.ts';
import type { ChoiceStore, RoundKind } from './choices.ts';
import type { AlertsParts } from './parts.ts';

/** Monday at nine, and every morning at ten, by the configured zone: never at night (korea.md 5). */
const times: Readonly<Record<RoundKind, string>> = { digest: '0 9 * * 1', reminder: '0 10 * * *' };
/** A round that fell into a pause of the worker is made up for within a day, else the next one comes. */
const lateBy = day;
export const reminderDays = 30;
/** Sites of one letter; the pages have the rest. */
const mostLines = 50;

/** A site as the weekly letter shows it. */
export type DigestLine = {
  readonly site: string;
  readonly level: BackupCard['level'];
  /** 0: there is none */
  readonly lastGoodAt: number;
  readonly bytes: number;
  readonly copies: number;
  readonly provenAt: number;
  readonly tiers: number;
};

const worst: Readonly<Record<BackupCard['level'], number>> = { red: 0, amber: 1, none: 2, fresh: 3 };

export class Rounds {
  readonly #parts: AlertsParts;
  readonly #choices: ChoiceStore;
  readonly #done = new Map<RoundKind, number>();
  /** customers whose letter of that round could not be written: they alone are tried again */
  readonly #left = new Map<RoundKind, { readonly due: number; readonly customers: readonly string[] }>();

  constructor(parts: AlertsParts, choices: ChoiceStore) {
    this.#parts = parts;
    this.#choices = choices;
  }

  /** Asked every few minutes: does nothing once a round was made. */
  async keep(kind: RoundKind): Promise<void> {
    const { clock, choices } = this.#parts;
    const now = clock.now();
    const due = lastBefore(times[kind], now, choices.timeZone);
    if (due === undefined || now - due >= lateBy || this.#done.get(kind) === due) return;
    const failed: string[] = [];
    for await (const customerId of this.#customers(kind, due))
      if (!(await this.#tried(kind, customerId, due))) failed.push(customerId);
    this.#left.set(kind, { due, customers: failed });
    if (failed.length === 0) this.#done.set(kind, due);
  }

  /** @yields everybody at first, then those who are left */
  async *#customers(kind: RoundKind, due: number): AsyncGenerator<string> {
    const left = this.#left.get(kind);
    if (left?.due === due) return yield* left.customers;
    for (let after = ''; ; ) {
      const customers = await this.#choices.customers(after, due);
      const last = customers.at(-1);
      if (last === undefined) return;
      after = last;
      yield* customers;
    }
  }

  /** @returns false when it is to be tried again */
  async #tried(kind: RoundKind, customerId: string, due: number): Promise<boolean> {
    try {
      await this.#customer(kind, customerId, due);
      return true;
    } catch (error) {
      this.#parts.log.warn({ customer: customerId, round: kind, err: error }, 'a letter by the calendar could not be written');
      return false;
    }
  }

  async #customer(kind: RoundKind, customerId: string, due: number): Promise<void> {
    const wanted = await this.#choices.of(customerId);
    const before = await this.#choices.lastRound(customerId, kind);
    if (!wanted[kind] || (before !== undefined && before >= due)) return;
    if (kind === 'digest') await this.#digest(customerId, due);
    else if (before === undefined || due - before >= reminderDays * day) await this.#remind(customerId, due);
  }

  async #digest(customerId: string, due: number): Promise<void> {
    const sites = await this.#sites(customerId, due);
    const lines = await Promise.all(sites.map((site) => this.#line(site)));
    const sorted = lines.toSorted((one, other) => worst[one.level] - worst[other.level] || one.lastGoodAt - other.lastGoodAt);
    const bad = sorted.filter(({ level }) => level === 'red' || level === 'amber').length;
    await this.#send('backup-digest', customerId, { kind: 'digest', due, lines: sorted, more: { bad } });
  }

  async #line(site: Site): Promise<DigestLine> {
    const { backups, tiers } = this.#parts;
    const [card, held, kept] = await Promise.all([backups.card(site), backups.held(site), tiers.of(site)]);
    const copies = held.filter(({ kind }) => kind !== 'safety');
    return {
      ...{ site: site.name, level: card.level, copies: copies.length },
      ...{ lastGoodAt: card.latest?.dataAt ?? 0, bytes: card.latest?.bytes ?? 0 },
      provenAt: Math.max(0, ...copies.map(({ provenAt }) => provenAt ?? 0)),
      tiers: kept.filter(({ isElsewhere, dataAt }) => isElsewhere && dataAt !== undefined).length,
    };
  }

  /** Of sites that have a backup to take: of one that was opened lately nobody could have downloaded for a month. */
  async #remind(customerId: string, due: number): Promise<void> {
    const { downloads, backups } = this.#parts;
    const since = due - reminderDays * day;
    const lines: { site: string; downloadedAt: number }[] = [];
    for (const site of await this.#sites(customerId, since)) {
      const last = await downloads.lastAt(site);
      if ((last ?? 0) <= since && (await backups.card(site)).latest) lines.push({ site: site.name, downloadedAt: last ?? 0 });
    }
    if (lines.length > 0) await this.#send('backup-reminder', customerId, { kind: 'reminder', due, lines, more: {} });
  }

  async #sites(customerId: string, openedBefore: number): Promise<Site[]> {
    const all = await this.#parts.sites.forMember({ customerId, siteIds: null });
    return all.filter(({ openedAt, terminatedAt }) => terminatedAt === null && openedAt !== null && openedAt <= openedBefore);
  }

  async #send(
    template: string,
    customerId: string,
    { kind, due, lines, more }: { kind: RoundKind; due: number; lines: readonly object[]; more: Record<string, number> },
  ): Promise<void> {
    const { connection, accounts, letters } = this.#parts;
    if (lines.length === 0) return;
    await connection.write(async (tx) => {
      const owner = await accounts.owner(customerId, tx);
      if (!owner || !(await this.#choices.setRound(tx, customerId, { kind, due }))) return;
      const rest = Math.max(0, lines.length - mostLines);
      const shown = { lines: JSON.stringify(lines.slice(0, mostLines)), count: lines.length, rest, days: reminderDays };
      const to = { language: owner.language, to: owner.email, customerId };
      await letters.queue(tx, { template, ...to, parameters: { ...shown, ...more } });
    });
  }
}

/** @returns the last moment of the pattern at or before `now` */
function lastBefore(pattern: string, now: number, zone: string): number | undefined {
  const times = new Cron(pattern, { timezone: zone, paused: true }).previousRuns(2, new Date(now + 1000));
  return times.map((moment) => moment.getTime()).find((moment) => moment <= now);
}
