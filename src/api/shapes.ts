// What the API answers, once: its types, its description for programs (OpenAPI) and the check of its tests come from here.
import { z } from 'zod';

const moment = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });
const whole = z.int().min(0);

const states = [
  ...(['queued', 'running', 'made', 'verified', 'proven', 'warned'] as const),
  ...(['failed', 'missing', 'shrunken', 'damaged', 'expired'] as const),
];

export const backupShape = z
  .strictObject({
    id: z.uuid(),
    kind: z.enum(['nightly', 'manual', 'safety', 'brought']),
    state: z.enum(states).meta({
      description:
        'made: not read back yet; verified: read back, every file compared; proven: restored in a drill; warned: something is missing in it; shrunken: half of the one before, or less; damaged: not as recorded any more',
    }),
    is_good: z.boolean().meta({ description: 'read back and right' }),
    day: z.iso.date().meta({ description: 'local day of the panel' }),
    data_at: moment.nullable().meta({ description: 'the moment whose data it holds' }),
    made_at: moment.nullable(),
    verified_at: moment.nullable(),
    proven_at: moment.nullable(),
    file_name: z.string().nullable(),
    bytes: whole.nullable().meta({ description: 'of the archive' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
    files: whole.nullable(),
    databases: whole.nullable(),
    archive_url: z.url().nullable().meta({ description: 'null: there is no archive to download' }),
    sha256_url: z.url().nullable(),
  })
  .meta({ title: 'Backup' });

export const listShape = z
  .strictObject({
    site: z.string(),
    page: z.int().min(1),
    pages: z.int().min(1),
    total: whole,
    backups: z.array(backupShape).meta({ description: 'newest first, 30 a page' }),
  })
  .meta({ title: 'Backups' });

export type BackupAnswer = z.infer<typeof backupShape>;
export type ListAnswer = z.infer<typeof listShape>;
