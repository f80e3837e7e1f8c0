// A night of real sites by two workers: how long it takes, whether turns and window are kept, and what it means for ten thousand sites.
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { planBy } from '../src/backups/backups.ts';
import { localDay } from '../src/platform/clock.ts';
import { type Amount, changeSome, writeFiles } from './backup/files.ts';
import { type House, openHouse, startWorker } from './backup/house.ts';
import type { Circumstances, Figure, Part } from './figure.ts';

const run = promisify(execFile);
const plannedFor = 10_000;
const workers = 2;

export const nightsPart: Part = { name: 'nights', measure };

async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const count = long ? 300 : 6;
  const amount: Amount = long ? { files: 200, bytes: 20_000_000 } : { files: 20, bytes: 500_000 };
  const place = join(folder, 'nights');
  const house = await openHouse(place);
  const model = join(folder, 'model');
  try {
    await mkdir(model);
    await writeFiles(model, amount);
    const folders = await openSites(house, model, count);
    // One that cannot be made: it must cost nobody else anything.
    await rm(folders[Math.floor(count / 2)] ?? '', { recursive: true });
    const both = Array.from({ length: workers }, () => startWorker(place, { BACKUP_UNTIL: '02:59' }));
    try {
      const size = `${count} sites of ${amount.bytes / 1e6} MB by ${workers} workers`;
      const first = await night(house, count, 0);
      say(`first night, ${size}: ${first.words}`);
      for (const [index, www] of folders.entries()) if (index !== Math.floor(count / 2)) await changeSome(www, amount, index);
      const next = await night(house, count, 1);
      say(`next night, 1 % changed: ${next.words}`);
      return [
        {
          name: `first night of ${plannedFor} such sites at its pace, ${size}`,
          unit: 'h',
          ours: first.hours,
          bound: { atMost: 24 },
        },
        { name: `next night of them, 1 % changed`, unit: 'h', ours: next.hours, bound: { atMost: 6 } },
        {
          ...{ name: 'sites out of turn, after the window, or not made, but the one that cannot be', unit: '' },
          ...{ ours: first.wrong + next.wrong, bound: { atMost: 0 } },
        },
      ];
    } finally {
      for (const worker of both) await worker.stop();
    }
  } finally {
    await house.close();
    await rm(place, { recursive: true, force: true });
  }
}

/** @returns their `www/` */
async function openSites(house: House, model: string, count: number): Promise<string[]> {
  const folders: string[] = [];
  for (let index = 0; index < count; index++) {
    const www = house.wwwOf(await house.openSite());
    await rm(www, { recursive: true });
    await run('cp', ['-a', model, www]);
    folders.push(www);
  }
  await run('sync');
  return folders;
}

/** @param later by so many days, so that each night is one of its own */
async function night(house: House, count: number, later: number): Promise<{ words: string; hours: number; wrong: number }> {
  const { doors } = house;
  const dueAt = doors.clock.now();
  const day = localDay(dueAt + later * 86_400_000, doors.choices.timeZone);
  await doors.backups.nights.keep(day, dueAt);
  for (;;) {
    const line = (await doors.backups.nights.report()).nights.find((one) => one.day === day);
    if (!line || line.good + line.failed < count - 1 || line.underWay > 1) {
      await sleep(200);
      continue;
    }
    const plan = planBy(line, { sites: plannedFor, hours: 24 });
    const seconds = ((line.lastAt ?? 0) - (line.firstAt ?? 0)) / 1000;
    const words = `${line.good} made and checked in ${seconds.toFixed(1)} s; ${plannedFor} sites: ${plan?.hours.toFixed(2)} h`;
    return { words, hours: plan?.hours ?? Number.NaN, wrong: count - 1 - line.good + (await outOfTurn(house, day)) };
  }
}

/** Of two neighbours in the order the later one may begin first, as often as there are workers. */
async function outOfTurn({ doors }: House, day: string): Promise<number> {
  const rows = await doors.connection.db
    .selectFrom('backups')
    .innerJoin('backup_nights', 'backup_nights.day', 'backups.day')
    .select(['backups.place', 'backups.started_at', 'backup_nights.ends_at'])
    .where('backups.day', '=', day)
    .where('backups.state', '=', 'verified')
    .orderBy('backups.place')
    .execute();
  const begun = rows.map(({ started_at }) => started_at ?? 0);
  const late = rows.filter(({ started_at, ends_at }) => (started_at ?? 0) >= ends_at).length;
  const overtaken = begun.filter((at, index) => begun.slice(index + 2 * workers).some((other) => other < at)).length;
  return late + overtaken;
}
