// Tables of ftp, as Kysely sees them; see schema.ts.
export type FtpTables = Record<never, never>;
