// Requests for SSH, and what was granted.
import type { Migrate } from './migrate.ts';

export const ssh: Migrate = async (_db) => {};
