// Credential stuffing: how many passwords are looked at, and what the owner of an account and a signed-in customer feel meanwhile.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signIn as sentences } from '../../src/messages/ko/sign-in.ts';
import { password } from '../../test/support/panel.ts';
import type { Circumstances, Figure, Part } from '../figure.ts';
import { fill } from '../fill.ts';
import { percentile } from '../load.ts';
import { startProgram } from '../program.ts';
import { Visitor } from '../visitor.ts';
import type { Raid, Raided } from './bots.ts';

const secret = 'a secret for the benchmark only, long enough to be one';
const honest = new Set([200, 303, 422, 429, 503]);
const sources = 50;
const perSecond = 100;
const dashboardMilliseconds = 150;

export const stuffingPart: Part = { name: 'stuffing', measure };

/** The limits are the panel's own: this is the one measurement that raises none. */
async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const [attempts, names] = long ? [10_000, 5000] : [1000, 500];
  const place = join(folder, 'program');
  const program = await startProgram(place, { SECRET: secret, LIMITS_SCALE: '1', TRUST_PROXY: 'loopback' });
  try {
    await fill({ url: `sqlite:${join(place, 'data/panel.db')}`, secret, password, persons: names / 2, auditRows: 0 });
    const [customer, owner] = [new Visitor(program), new Visitor(program)];
    await customer.settle('signed-in@example.com');
    await owner.arrive('owner@example.com');
    const ended = { is: false };
    const raid = raided({ url: program.url, attempts, names, sources, perSecond, failed: sentences['login.failed'] });
    const dashboards = looks(customer, ended);
    const signIns = comings(owner, ended);
    const outcome = await raid.finally(() => {
      ended.is = true;
    });
    const [seen, entered] = await Promise.all([dashboards, signIns]);
    tell(say, outcome, { seen, entered });
    return figures(outcome, { attempts, names, seen, entered });
  } finally {
    await program.stop();
  }
}

function raided(raid: Raid): Promise<Raided> {
  const child = fork(join(import.meta.dirname, 'bots.ts'), [JSON.stringify(raid)]);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Raided));
    child.once('error', reject).once('exit', (code) => reject(new Error(`the raid ended with ${code}`)));
  });
}

type Times = {
  readonly milliseconds: readonly number[];
  readonly refused: number;
  /** seconds after the start at which what took longer than the bound was asked for */
  readonly lateAt?: readonly number[];
};

/** Ten looks a second at the dashboard, whether the last one was answered or not. */
async function looks(visitor: Visitor, ended: { is: boolean }): Promise<Times> {
  const [milliseconds, lateAt, asked] = [[] as number[], [] as number[], [] as Promise<void>[]];
  const start = performance.now();
  let refused = 0;
  const look = async () => {
    const begun = performance.now();
    const { status } = await visitor.get('/dashboard');
    milliseconds.push(performance.now() - begun);
    if (performance.now() - begun > dashboardMilliseconds) lateAt.push((begun - start) / 1000);
    if (status !== 200) refused += 1;
  };
  for (; !ended.is; await sleep(100)) asked.push(look());
  await Promise.all(asked);
  return { milliseconds, refused, lateAt };
}

/** The owner comes and goes, with a browser that is known: form and password together are one sign-in. */
async function comings(visitor: Visitor, ended: { is: boolean }): Promise<Times> {
  const milliseconds: number[] = [];
  let refused = 0;
  for (; !ended.is; await sleep(250)) {
    await visitor.submit('/dashboard', {}, '/logout');
    const begun = performance.now();
    const { status } = await visitor.submit('/login', { email: 'owner@example.com', password });
    milliseconds.push(performance.now() - begun);
    if (status !== 303) refused += 1;
  }
  return { milliseconds, refused };
}

function tell(say: (line: string) => void, outcome: Raided, { seen, entered }: { seen: Times; entered: Times }): void {
  const statuses = outcome.statuses.map(([status, count]) => `${status} × ${count}`).join(', ');
  say(`${outcome.seconds.toFixed(0)} s: ${statuses}; ${outcome.guesses} passwords looked at`);
  const late = [...new Set((seen.lateAt ?? []).map(Math.floor))].toSorted((a, b) => a - b);
  if (late.length > 0) say(`dashboards later than ${dashboardMilliseconds} ms were asked for in second ${late.join(', ')}`);
  const inWords = ({ milliseconds }: Times) =>
    [0.5, 0.95, 1].map((share) => percentile(milliseconds, share).toFixed(0)).join(' / ');
  say(
    `half / 95 of 100 / all within: sign-ins ${inWords(entered)} ms (${entered.milliseconds.length}), dashboards ${inWords(seen)} ms`,
  );
}

type Measured = { readonly attempts: number; readonly names: number; readonly seen: Times; readonly entered: Times };

function figures(outcome: Raided, { attempts, names, seen, entered }: Measured): Figure[] {
  const atMost = (name: string, ours: number, most: number, unit = ''): Figure => ({ name, unit, ours, bound: { atMost: most } });
  const raid = `${attempts} attempts, ${names} names, ${sources} addresses, ${perSecond}/s`;
  const strange = outcome.statuses.reduce((sum, [status, count]) => sum + (honest.has(status) ? 0 : count), 0);
  return [
    atMost(`${raid}: most passwords looked at of one name`, outcome.mostOfName, 5),
    atMost('… from one address', outcome.mostOfSource, 20),
    atMost('… from one network', outcome.mostOfNetwork, 100),
    atMost('… different names of one network', outcome.mostNamesOfNetwork, 10),
    atMost('… an owner whose browser is known signs in: 95 of 100 within', percentile(entered.milliseconds, 0.95), 1500, 'ms'),
    atMost('… sign-ins of that owner that were refused', entered.refused, 0),
    atMost('… signed-in dashboard: 95 of 100 within', percentile(seen.milliseconds, 0.95), dashboardMilliseconds, 'ms'),
    atMost(`… answers that are not ${[...honest].join(', ')}, and dashboards refused`, strange + seen.refused, 0),
  ];
}
