// The promise of a backup tier, on a folder and on restic's repositories in a folder, behind SFTP and behind S3 (KHADA 8.5).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { folderTier } from '../../src/platform/tier/folder.ts';
import type { BackupTier } from '../../src/platform/tier/port.ts';
import { resticTier } from '../../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../../src/platform/tier/tier-address.ts';
import { filesBelow } from '../termination/leavers.ts';
import { type BackupServer, type SftpServer, startS3, startSftp } from '../tiers/servers.ts';
import { digest, readBack, type State, someKeys, stateOf } from '../tiers/states.ts';

const day = 86_400_000;
const signal = new AbortController().signal;
const notThere = expect.objectContaining({ name: 'PanelError', status: 404 });
let folder: string;
const servers: BackupServer[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-tier-'));
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await rm(folder, { recursive: true, force: true });
});

const keys = someKeys();
const reach = { keys, kilobytesPerSecond: undefined, patience: 60_000 };
const at = (text: string) => tierAddress(text) as ResticAddress;

async function onSftp(): Promise<BackupTier> {
  const server: SftpServer = await startSftp();
  servers.push(server);
  const { hostKey, privateKey } = server;
  return resticTier({ ...reach, address: at(`restic:${server.address}`), hostKey, privateKey, working: join(folder, 'by-sftp') });
}

async function onS3(): Promise<BackupTier> {
  const server = await startS3();
  servers.push(server);
  process.env.SSL_CERT_FILE = server.certificate;
  const address = at(`restic:${server.address}/tier`);
  return resticTier({ ...reach, address, hostKey: undefined, privateKey: '', working: join(folder, 'by-s3') });
}

const kinds: Readonly<Record<string, () => Promise<BackupTier>>> = {
  'a folder of archives': async () => folderTier(join(folder, 'tier')),
  'restic in a folder': async () =>
    resticTier({
      ...reach,
      address: at(`restic:${folder}/repositories`),
      hostKey: undefined,
      privateKey: '',
      working: join(folder, 'here'),
    }),
  'restic over SFTP': onSftp,
  'restic on S3': onS3,
};

describe.each(Object.keys(kinds))('%s', (kind) => {
  const site = newId(Date.now());
  let tier: BackupTier;
  let first: State;
  let second: State;
  beforeAll(async () => {
    tier = await (kinds[kind] as () => Promise<BackupTier>)();
    const place = join(folder, site);
    const files = {
      'index.html': 'one',
      '한글 이름.txt': '가나다',
      'same.txt': 'one',
      'deep/er/empty': '',
      "odd 'name' \u2028": 'odd',
    };
    first = await stateOf(place, site, files, Date.now() - 2 * day);
    second = await stateOf(place, site, { ...files, 'index.html': 'two', 'new.txt': 'x'.repeat(200_000) }, Date.now() - day);
  });
  afterAll(async () => {
    await first.close();
    await second.close();
  });

  test('what it does not hold is not there', async () => {
    expect(await tier.list(site, signal)).toEqual([]);
    await expect(tier.open(site, first.source.backupId, signal)).rejects.toEqual(notThere);
    await tier.forget(site, [first.source.backupId], Date.now(), signal);
    expect(await tier.check(site, { part: 1, parts: 1 }, signal)).toMatchObject({ damaged: [], complaint: undefined });
  });

  test('a backup that is kept is listed with the moment of its data, once, however often it is kept', async () => {
    const kept = await tier.keep(first.source, signal);
    expect(kept).toMatchObject({ site, backupId: first.source.backupId, dataAt: first.source.dataAt });
    await tier.keep(first.source, signal);
    await tier.keep(second.source, signal);
    const listed = (await tier.list(site, signal)).map(({ backupId, dataAt }) => [backupId, Math.floor(dataAt / 1000)]);
    expect(listed.sort()).toEqual(
      [first, second].map(({ source }) => [source.backupId, Math.floor(source.dataAt / 1000)]).sort(),
    );
  });

  test('it gives back the manifest byte for byte and every file', async () => {
    const { source, files } = second;
    const opened = await tier.open(site, source.backupId, signal);
    const manifest = await buffer(await opened.manifest());
    expect(manifest.equals(await buffer(await source.manifest()))).toBe(true);
    await opened.fetch(
      [...files].map(([path, content]) => ({ path, sha256: digest(content) })),
      signal,
    );
    expect(await readBack(opened, files)).toEqual(files);
    await opened.close();
  });

  test('a single file of an older state comes as it was, without the others', async () => {
    const opened = await tier.open(site, first.source.backupId, signal);
    expect(await text(await opened.content({ path: 'www/index.html', sha256: digest('one') }))).toBe('one');
    await expect(opened.content({ path: 'www/nothing', sha256: digest('nothing') })).rejects.toEqual(notThere);
    await opened.close();
  });

  test('of what is given up nothing is listed or opened, and the other one stays whole', async () => {
    // The newest stays whatever is asked, and so does what is younger than the floor.
    await tier.forget(site, [first.source.backupId], Date.now() - 3 * day, signal);
    await tier.forget(site, [first.source.backupId, second.source.backupId], Date.now(), signal);
    await tier.tidy(site, signal);
    expect((await tier.list(site, signal)).map(({ backupId }) => backupId)).toEqual([second.source.backupId]);
    await expect(tier.open(site, first.source.backupId, signal)).rejects.toEqual(notThere);
    expect(await tier.check(site, { part: 1, parts: 1 }, signal)).toMatchObject({ damaged: [], complaint: undefined });
  });

  test('a site that is removed leaves nothing that can be listed', async () => {
    keys.all.delete(site);
    await tier.remove(site, signal);
    expect(await tier.list(site, signal)).toEqual([]);
    await tier.remove(site, signal);
    const own = ['tier', 'repositories', 'here', 'by-sftp', 'by-s3'].map((name) => join(folder, name));
    const places = [...own, ...servers.map((server) => server.folder)];
    const left = (await Promise.all(places.map((place) => filesBelow(place).catch(() => new Map())))).flatMap((files) => [
      ...files.keys(),
    ]);
    expect(left.filter((path) => path.includes(`/${site}/`))).toEqual([]);
  });
});
