// kill -9 between the end of a site's key and the removal of what lies far away: the next worker removes it, with the storage's credentials alone.
import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { engines } from '../support/databases.ts';
import { filesBelow } from '../termination/leavers.ts';
import { type SftpServer, startS3, startSftp } from '../tiers/servers.ts';
import { LeavingHouse } from './leaving.ts';
import { isShort } from './seed.ts';

type S3Server = Awaited<ReturnType<typeof startS3>>;

async function open(engine: (typeof engines)[number]['name'], sftp: SftpServer, s3: S3Server): Promise<LeavingHouse> {
  const environment = {
    SHORT_TERM_URL: `restic:${sftp.address}`,
    SHORT_TERM_HOST_KEY: sftp.hostKey,
    LONG_TERM_URL: `restic:${s3.address}/tier`,
    SSL_CERT_FILE: s3.certificate,
  };
  return LeavingHouse.open(engine, { environment, privateKey: sftp.privateKey });
}

for (const { name: engine, missing } of engines) {
  if (missing) continue;
  describe(engine, () => {
    test('a worker that dies when the key is gone and nothing is removed yet leaves nothing behind SFTP and on S3', async () => {
      const [sftp, s3] = [await startSftp(), await startS3()];
      const leaving = await open(engine, sftp, s3);
      const { house } = leaving;
      try {
        const leaver = await leaving.moveIn('far@example.com', { mark: 'canary-far-away', files: isShort ? 5 : 50 });
        const [site] = await house.rows(`select id from sites where name = '${leaver.site}'`);
        const held = async () => {
          const paths = await Promise.all([sftp, s3].map(async ({ folder }) => [...(await filesBelow(folder)).keys()]));
          return paths.map((some) => some.filter((path) => path.includes(`/${site?.id}/`)).length);
        };
        const before = await held();
        expect(before.every((count) => count > 5)).toBe(true);
        const keys = `select count(*) as count from tier_keys where site_id = '${site?.id}'`;
        // What a tier has is told before its job has ended; on frozen stores that would hold the place of the erasure.
        expect(await house.until(async () => (await house.jobs()) === 0, 60)).toBe(true);
        for (const server of [sftp, s3]) server.freeze();
        await leaving.close(leaver);
        // Neither store answers: the worker stands in the middle of the removal.
        const destroyed = `${keys} and password_sealed is null and removed_at is null`;
        expect(await house.until(async () => (await house.count(destroyed)) === 2, 120, 5)).toBe(true);
        process.kill(await house.worker(), 'SIGKILL');
        for (const server of [sftp, s3]) server.goOn();
        expect(await held()).toEqual(before);
        expect(await house.until(async () => (await house.count(`${keys} and removed_at is not null`)) === 2, 180)).toBe(true);
        expect(await held()).toEqual([0, 0]);
        const open = 'select count(*) as count from closures where erased_at is null';
        expect(await house.until(async () => (await house.count(open)) === 0, 180)).toBe(true);
        expect(house.bugs()).toEqual([]);
      } finally {
        await leaving.shut();
        for (const server of [sftp, s3]) {
          await server.close();
          await rm(server.folder, { recursive: true, force: true });
        }
      }
    });
  });
}
