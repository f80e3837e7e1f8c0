// What the API says of a backup: facts as they stand in its row, and where its archive is.
import { type Backup, isDownloadable, isGood } from '../backups/backups.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupAnswer } from './shapes.ts';

const moment = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const count = (value: number | null) => (value === null ? null : Number(value));

/** @param base address of the API, without a slash at its end */
export function answerOf(backup: Backup, { site, base }: { site: Pick<Site, 'name'>; base: string }): BackupAnswer {
  const here = `${base}/sites/${site.name}/backups/${backup.id}`;
  const isThere = isDownloadable(backup) && backup.expiredAt === null;
  return {
    ...{ id: backup.id, kind: backup.kind, state: backup.state, is_good: isGood(backup), day: backup.day },
    ...{ data_at: moment(backup.dataAt), made_at: moment(backup.madeAt) },
    ...{ verified_at: moment(backup.verifiedAt), proven_at: moment(backup.provenAt) },
    ...{ file_name: backup.fileName, bytes: count(backup.bytes), sha256: backup.sha256 },
    ...{ files: count(backup.files), databases: count(backup.databases) },
    archive_url: isThere ? `${here}/archive` : null,
    sha256_url: isThere ? `${here}/sha256` : null,
  };
}
