// kill -9 of the S3 server and of sshd while a tier is written, read and looked through: that is told as a host that is away, never as damage, and the next run is whole.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import type { BackupTier } from '../../src/platform/tier/port.ts';
import { resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import { type BackupServer, type SftpServer, startS3, startSftp } from '../tiers/servers.ts';
import { digest, readBack, type State, someKeys, stateOf } from '../tiers/states.ts';
import { randomFrom, tell } from './seed.ts';

const signal = new AbortController().signal;
/** restic asks a server that is gone again and again, for most of a minute: there is no short form. */
const patience = 60_000;
const rounds = 2;
const bytes = 8_000_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-tiers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const startS3Trusted = async () => {
  const server = await startS3();
  process.env.SSL_CERT_FILE = server.certificate;
  return server;
};
const servers: Readonly<Record<string, () => Promise<BackupServer | SftpServer>>> = { sshd: startSftp, S3: startS3Trusted };

/** Waits until restic does that for the site, or it was done before anybody saw it. */
async function doing(word: string, site: string, isOver: () => boolean): Promise<void> {
  for (const end = Date.now() + 300_000; Date.now() < end && !isOver(); await sleep(10))
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
      if (!words.startsWith(`restic ${word}`)) continue;
      if ((await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(site)) return;
    }
  if (!isOver()) throw new Error(`restic does not ${word}`);
}

const whole = async (tier: BackupTier, site: string, { source, files }: State, isFetched = false) => {
  const one = await tier.open(site, source.backupId, signal);
  try {
    const wanted = [...files].map(([path, content]) => ({ path, sha256: digest(content) }));
    if (isFetched) await one.fetch(wanted, signal);
    expect((await readBack(one, files)).size).toBe(files.size);
  } finally {
    await one.close();
  }
};

describe.each(Object.entries(servers))('%s', (name, start) => {
  test('killed at random moments', async () => {
    const [random, figures, keys] = [randomFrom(`tiers ${name}`), {} as Record<string, number>, someKeys()];
    const server = await start();
    try {
      const { privateKey = '', hostKey } = server as Partial<SftpServer>;
      const address = tierAddress(`restic:${server.address}${name === 'S3' ? '/tier' : ''}`) as ResticAddress;
      const site = newId(Date.now());
      const tier = resticTier({
        ...{ address, keys, privateKey, hostKey, patience, kilobytesPerSecond: undefined },
        working: join(folder, name),
      });
      const stateAt = (round: number) => {
        const content = { 'big.bin': randomBytes(bytes / 2).toString('hex'), 'round.txt': String(round) };
        return stateOf(join(folder, `${name}-${round}`), site, content, Date.now() - 86_400_000 + round * 1000);
      };
      const before = await stateAt(0);
      await tier.keep(before.source, signal);
      for (let round = 1; round <= rounds; round += 1) {
        const next = await stateAt(round);
        const acts: Readonly<Record<string, () => Promise<unknown>>> = {
          backup: () => tier.keep(next.source, signal),
          dump: () => whole(tier, site, before),
          restore: () => whole(tier, site, before, true),
          check: () => tier.check(site, { part: 1, parts: 1 }, signal),
        };
        for (const [word, act] of Object.entries(acts)) {
          let isOver = false;
          const run = act()
            .then(
              () => 'done',
              (error) => error.parameters?.code ?? String(error),
            )
            .finally(() => {
              isOver = true;
            });
          await doing(word, site, () => isOver);
          await sleep(random() * 1500);
          await server.kill();
          const told = await run;
          figures[`${word} ${told}`] = (figures[`${word} ${told}`] ?? 0) + 1;
          expect([word, round, told]).toEqual([word, round, expect.stringMatching(/^(done|UNREACHABLE|SILENT)$/)]);
          await server.restart();
          await whole(tier, site, before);
        }
        await tier.keep(next.source, signal);
        await whole(tier, site, next, true);
        expect(await tier.check(site, { part: 1, parts: 1 }, signal)).toMatchObject({ damaged: [], complaint: undefined });
        await next.close();
      }
      await before.close();
      tell(`${name} killed`, figures);
    } finally {
      await server.close();
    }
  });
});
