// Databases of sites, their users, and what is done to them.
import type { Migrate } from './migrate.ts';

export const databases: Migrate = async (_db) => {};
