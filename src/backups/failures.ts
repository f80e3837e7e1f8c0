// A backup that failed: its row, the audit and a letter to the customer's owner, together or not at all.
import { systemActor } from '../audit/audit.ts';
import { PanelError } from '../platform/errors.ts';
import { faultCode } from '../platform/storage/faults.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import type { Backup } from './states.ts';
import type { BackupStore } from './store.ts';
import { OutOfTime } from './time-limit.ts';

export type Failure = {
  readonly state: 'failed' | 'damaged' | 'missing';
  /** key of a sentence */
  readonly reason: string;
  /** for the audit: no personal values, no names of files */
  readonly details?: Readonly<Record<string, string | number>>;
  /** no letter: another one of this moment tells it */
  readonly untold?: boolean;
};

/** @returns the sentence that tells a customer why a backup could not be made */
export function reasonOf(error: unknown): string {
  if (error instanceof OutOfTime) return error.reason;
  const isPanelError = error instanceof PanelError;
  const code = isPanelError ? String(error.parameters.code ?? '') : faultCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'backups.reason.full';
  if (isPanelError && error.status === 404) return 'backups.reason.siteMissing';
  return code !== '' || (isPanelError && error.status === 503) ? 'backups.reason.storage' : 'backups.reason.unknown';
}

export class Failures {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;

  constructor(parts: BackupsParts, store: BackupStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** @param seen the row as it was read; when somebody has changed it meanwhile nothing happens */
  async record(seen: Backup, site: Site, { state, reason, details = {}, untold = false }: Failure): Promise<void> {
    const { connection, clock, audit, letters, accounts } = this.#parts;
    const now = clock.now();
    const owner = await accounts.owner(site.customerId);
    const [lastGood] = await this.#store.good(site, 1);
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, seen, { state, reason, failed_at: now, step: null }))) return;
      const { customerId } = site;
      const entry = { actor: systemActor, customerId, siteId: site.id, subjectId: seen.id };
      await audit.record(tx, { ...entry, action: `backups.${state}`, details: { ...details, reason } });
      if (!owner || untold) return;
      const parameters = { site: site.name, at: seen.dataAt ?? seen.queuedAt, reason, lastGoodAt: lastGood?.dataAt ?? 0 };
      await letters.queue(tx, { template: 'backup-failed', language: owner.language, to: owner.email, parameters, customerId });
    });
  }
}
