// FTP accounts, what came in by them, and who signed in.
import type { Migrate } from './migrate.ts';

export const ftp: Migrate = async (_db) => {};
