// How the panel reaches a server on another machine (SSH, with the host keys that were written down), and what it knows of the FTP server there.
import type { Migrate } from './migrate.ts';

export const serverAddresses: Migrate = async (db) => {
  await db.schema.alterTable('servers').addColumn('ssh_port', 'integer').execute();
  await db.schema.alterTable('servers').addColumn('ssh_user', 'text').execute();
  // Fingerprints, one a line: with two a new host key can be prepared.
  await db.schema.alterTable('servers').addColumn('host_keys', 'text').execute();
  await db.schema.alterTable('servers').addColumn('ftp_log', 'text').execute();
  await db.schema.alterTable('servers').addColumn('ftp_fingerprint', 'text').execute();
};
