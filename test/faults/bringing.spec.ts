// kill -9 of the web process while an archive is brought back: it is there whole or not at all, and bringing it again works.
import { watch } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { engines } from '../support/databases.ts';
import { hiddenFields } from '../support/panel.ts';
import { Customer } from './customer.ts';
import { fileAt, House, sha256 } from './house.ts';
import { isShort, randomFrom, tell } from './seed.ts';

const rounds = isShort ? 3 : 40;

for (const { name: engine, missing } of engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test(`${rounds} kills while an archive is brought leave all of it or nothing`, async () => {
      const house = await House.open({ engine });
      const random = randomFrom(`bringing ${engine}`);
      const figures: Record<string, number> = {
        kills: 0,
        'as it was laid': 0,
        taken: 0,
        'not taken': 0,
        'left without a row': 0,
      };
      const count = (what: string) => {
        figures[what] = (figures[what] ?? 0) + 1;
      };
      try {
        await house.start();
        const kept = await keptOf(house);
        for (let round = 0; round < rounds; round += 1) {
          const { customer, archive } = kept;
          const folder = join(house.folder, 'data/archives', customer.site);
          const before = await brought(house, customer.site);
          const sending = bring(customer, archive).catch(() => undefined);
          if (round % 2 === 0) await laid(folder).then(() => count('as it was laid'));
          else await sleep(random() * 400);
          await house.killWeb();
          count('kills');
          await sending;
          await house.start();
          const now = await brought(house, customer.site);
          const fresh = now.filter(({ id }) => !before.some((one) => one.id === id));
          // What a row promises is there, whole.
          for (const row of fresh)
            expect(await fileAt(join(folder, String(row.file_name)))).toEqual({ size: archive.length, sha256: sha256(archive) });
          const named = new Set(now.map(({ file_name }) => file_name));
          const ofNobody = (await readdir(folder)).filter((name) => isBrought(name) && !named.has(name));
          for (const _ of ofNobody) count('left without a row');
          count(fresh.length > 0 ? 'taken' : 'not taken');
          for (const { id } of fresh) {
            const isGood = async () =>
              (await house.rows(`select state from backups where id = '${id}'`))[0]?.state === 'verified';
            expect([round, await house.until(isGood, 60)]).toEqual([round, true]);
          }
          // Two are held at a time.
          if (now.length >= 2) Object.assign(kept, await keptOf(house));
          else expect([round, (await bring(customer, archive)).status]).toEqual([round, 303]);
          if (now.length === 1) Object.assign(kept, await keptOf(house));
        }
        expect(house.bugs()).toEqual([]);
        tell(`bringing ${engine}`, figures);
      } finally {
        await house.close();
      }
    });
  });
}

const isBrought = (name: string) => /-\d{10}\.zip$/.test(name);

const brought = (house: House, site: string) =>
  house.rows(
    `select id, file_name from backups where kind = 'brought' and site_id = (select id from sites where name = '${site}')`,
  );

/** A new customer, and an archive of their site that they have kept. */
async function keptOf(house: House): Promise<{ customer: Customer; archive: Buffer<ArrayBuffer> }> {
  const { count = 0 } = (await house.rows('select count(*) as count from persons'))[0] ?? {};
  const customer = await new Customer(house, `owner-${count}@example.com`).arrive();
  const id = await customer.backUp();
  const row = async () => (await house.rows(`select state, file_name from backups where id = '${id}'`))[0];
  if (!(await house.until(async () => (await row())?.state === 'verified', 60))) throw new Error('there is no backup');
  const folder = join(house.folder, 'data/archives', customer.site);
  await mkdir(folder, { recursive: true });
  return { customer, archive: await readFile(join(folder, String((await row())?.file_name))) };
}

async function bring({ client, site, origin }: Customer, archive: Buffer<ArrayBuffer>) {
  const page = `/sites/${site}/backups/archives`;
  const body = new FormData();
  for (const [name, value] of Object.entries(hiddenFields((await client.get(page)).text, page))) body.append(name, String(value));
  body.append('archive', new Blob([archive]), 'kept.zip');
  return client.ask(page, { method: 'POST', body, headers: { origin } });
}

/** Waits for the moment in which the archive has its name. */
function laid(folder: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_, name) => {
      if (!name || !isBrought(name) || name.startsWith('.')) return;
      watcher.close();
      resolve();
    });
  });
}
