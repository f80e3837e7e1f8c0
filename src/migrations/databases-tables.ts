// Tables of databases, as Kysely sees them; see schema.ts.
export type DatabasesTables = Record<never, never>;
