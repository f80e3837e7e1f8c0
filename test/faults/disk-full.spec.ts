// A full disk during uploads, database writes and backups: said in words, nothing half, and it goes on when there is room again.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Customer, type SentUpload } from './customer.ts';
import { House } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { isShort, randomFrom, tell } from './seed.ts';
import { fill, smallDisk } from './small-disk.ts';

const megabyte = 1024 * 1024;
const random = randomFrom('disk full');

test('a disk that is full at any moment costs no acknowledged file, leaves no half one and is never a bug', async ({ skip }) => {
  const disk = await smallDisk(64);
  if (!disk) return skip('skipped: no file system can be mounted here');
  const house = await House.open({ engine: 'sqlite', folder: disk.folder, beforeRemoval: disk.unmount });
  try {
    await house.start();
    const customer = await new Customer(house, 'owner@example.com').arrive();
    const customers = [customer];
    const uploads: SentUpload[] = [];
    const backups: string[] = [];
    const statuses = new Map<string, number>();
    const noted = (what: string, status: number) =>
      statuses.set(`${what} ${status}`, (statuses.get(`${what} ${status}`) ?? 0) + 1);
    for (let i = 0; i < (isShort ? 4 : 25); i += 1) {
      const free = await fill(disk.folder, i === 0 ? 0 : Math.floor(random() ** 2 * 1.5 * megabyte));
      const file = { name: `picture-${i}.txt`, body: Buffer.alloc(Math.ceil(random() * megabyte), `${i} `) };
      noted('upload', (await customer.upload([file], (upload) => uploads.push(upload))).status ?? 0);
      const newcomer = new Customer(house, `new-${i}@example.com`);
      customers.push(newcomer);
      noted('sign-up', await newcomer.signUp());
      // Not every time: of too many sessions the one that was used longest ago ends, which is the one that uploads.
      if (i % 2 === 0) noted('sign-in', await customer.signIn());
      noted('home', (await customer.client.get('/')).status);
      await free();
      noted(
        'upload with room',
        (await customer.upload([{ name: `after-${i}.txt`, body: Buffer.from('x') }], (one) => uploads.push(one))).status ?? 0,
      );
    }
    const content = Array.from({ length: 6 }, (_, i) => ({ name: `big-${i}.jpg`, body: noise(megabyte) }));
    expect((await customer.upload(content, (upload) => uploads.push(upload))).status).toBe(303);
    // Not enough for the archive, and more than the log of the database may grow by (1,000 pages).
    const free = await fill(disk.folder, 5 * megabyte);
    const id = await customer.backUp();
    expect(id).toBeDefined();
    backups.push(id ?? '');
    const told = () => house.count("select count(*) as count from backups where reason = 'backups.reason.full'");
    expect(await house.until(async () => (await told()) === 1, 30)).toBe(true);
    await free();
    const verified = async () => (await house.count("select count(*) as count from backups where state = 'verified'")) === 1;
    expect(await house.until(verified, 60)).toBe(true);
    const left = await unsettled(house, 120);
    // What did not fit was refused in the result of its form, so its acknowledgement is no promise of the file.
    const stored = await storedNames(house);
    const kept = uploads.map((upload) => ({
      ...upload,
      ...(upload.files.some(({ name }) => !stored.has(name)) && { location: undefined }),
    }));
    const record = { customers, uploads: kept as SentUpload[], removals: [], backups };
    expect([...left, ...(await breaches(house, record))]).toEqual([]);
    expect([...statuses.keys()].filter((key) => !/ (200|303|503|422)$/.test(key))).toEqual([]);
    expect([...statuses.keys()].filter((key) => key.startsWith('upload with room'))).toEqual(['upload with room 303']);
    tell('disk full', Object.fromEntries(statuses));
  } finally {
    await house.close();
    await sleep(100);
  }
});

/** Names that the results of uploads say are stored. */
async function storedNames(house: House): Promise<Set<string>> {
  const rows = await house.rows('select results from uploads');
  const results = rows.flatMap(({ results }) => JSON.parse(String(results)) as { file: string; result: string }[]);
  return new Set(results.filter(({ result }) => result === 'stored').map(({ file }) => file));
}

/** Bytes that do not compress, as the beginning of a JPEG. */
function noise(bytes: number): Buffer<ArrayBuffer> {
  const content = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4) content.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex').copy(content);
  return content;
}
