// Sign-ins: how many a second beside bare argon2, and what a signed-in customer feels while four times as many arrive.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { costText } from '../src/accounts/hash-parameters.ts';
import { PasswordHashing } from '../src/accounts/hashing.ts';
import { password } from '../test/support/panel.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { fill } from './fill.ts';
import type { Flood, Flooded } from './flood.ts';
import { inTurn, median, percentile } from './load.ts';
import { type Running, runRaw, startProgram } from './program.ts';
import { Visitor } from './visitor.ts';

const secret = 'a secret for the benchmark only, long enough to be one';
const persons = 100;
const cores = availableParallelism();
/** What a panel finds for itself on a machine like that of docs/benchmarks.md: about 150 ms. */
const cost = { memoryKibibytes: 65_536, passes: 2, parallelism: 1 };
/** What a panel that is asked too much may say: too many, try again, wrong. Anything else is a fault. */
const honest = new Set([200, 303, 422, 429, 503]);

export const loginsPart: Part = { name: 'logins', measure };

async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const place = join(folder, 'program');
  // The cost that bare argon2 is measured with, on every machine.
  const program = await startProgram(place, { SECRET: secret, PASSWORD_COST: costText(cost) });
  try {
    await fill({ url: `sqlite:${join(place, 'data/panel.db')}`, secret, password, cost, persons, auditRows: 0 });
    const visitor = new Visitor(program);
    await visitor.settle('signed-in@example.com');
    const seconds = long ? 6 : 2;
    const hash = await new PasswordHashing({ concurrency: 1, parameters: cost }).hash(password);
    // Enough at once that the queue of hashes is never empty, and never full.
    const closed = () => flood({ url: program.url, seconds, atOnce: cores * 5 });
    const pairs = await inTurn(
      long ? 5 : 1,
      async () => entered(await closed()) / seconds,
      async () => Number(await runRaw('argon2', [hash, password, String(cores), String(seconds)])),
      ([ours, bare]) => say(`${ours.toFixed(1)} sign-ins/s; bare argon2: ${bare.toFixed(1)}/s`),
    );
    const bare = median(pairs.map((pair) => pair[1]));
    const storm = await underStorm(program, visitor, { perSecond: bare * 4, seconds: long ? 20 : 4 });
    say(`${storm.asked} sign-ins arrived: ${[...storm.statuses].map(([status, count]) => `${status} × ${count}`).join(', ')}`);
    return [
      {
        name: `sign-ins ÷ bare argon2 verifications (${costText(cost)}), ${cores} at once`,
        unit: '1/s',
        ours: median(pairs.map((pair) => pair[0])),
        raw: bare,
        bound: { atLeast: 0.9 },
      },
      {
        name: `signed-in dashboard while ${(bare * 4).toFixed(0)} sign-ins a second arrive: 95 of 100 within`,
        unit: 'ms',
        ours: storm.p95,
        bound: { atMost: 100 },
      },
      {
        name: `answers meanwhile that are not ${[...honest].join(', ')}`,
        unit: '',
        ours: [...storm.statuses].reduce((sum, [status, count]) => sum + (honest.has(status) ? 0 : count), 0),
        bound: { atMost: 0 },
      },
    ];
  } finally {
    await program.stop();
  }
}

/** @returns how many came in: who was told to come again did not */
function entered({ statuses }: Flooded): number {
  for (const [status] of statuses) if (!honest.has(status)) throw new Error(`a sign-in was answered with ${status}`);
  return statuses.find(([status]) => status === 303)?.[1] ?? 0;
}

/** The sign-ins come from a process of their own, so that its work delays none of the answers that are timed here. */
async function flood(wanted: Omit<Flood, 'password' | 'persons'>): Promise<Flooded> {
  const child = fork(join(import.meta.dirname, 'flood.ts'), [JSON.stringify({ ...wanted, password, persons })]);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Flooded));
    child.once('error', reject).once('exit', (code) => reject(new Error(`the flood ended with ${code}`)));
  });
}

type Storm = { readonly p95: number; readonly asked: number; readonly statuses: ReadonlyMap<number, number> };

async function underStorm(program: Running, visitor: Visitor, wanted: { perSecond: number; seconds: number }): Promise<Storm> {
  const storm = flood({ url: program.url, ...wanted });
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const look = async () => {
    const begun = performance.now();
    const { status } = await visitor.get('/dashboard');
    times.push(performance.now() - begun);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const asked: Promise<void>[] = [];
  // Two seconds for the storm to rise; then ten looks a second, whether the last one was answered or not.
  await sleep(2000);
  for (const end = performance.now() + (wanted.seconds - 2) * 1000; performance.now() < end; await sleep(100)) asked.push(look());
  await Promise.all(asked);
  const { asked: arrived, statuses: others } = await storm;
  for (const [status, count] of others) statuses.set(status, (statuses.get(status) ?? 0) + count);
  return { p95: percentile(times, 0.95), asked: arrived, statuses };
}
