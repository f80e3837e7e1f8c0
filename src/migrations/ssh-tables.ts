// Tables of ssh, as Kysely sees them; see schema.ts.
export type SshTables = Record<never, never>;
