// A process of its own that tries leaked pairs of address and password, from many network addresses, each time with an empty browser.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, ask } from '../ask.ts';
import { personAddress } from '../fill.ts';

export type Raid = {
  readonly url: string;
  readonly attempts: number;
  /** login names; the first half of them are customers' */
  readonly names: number;
  /** network addresses, two in each /24 */
  readonly sources: number;
  /** attempts that begin each second, whether the ones before were answered or not */
  readonly perSecond: number;
  /** what an answer says when a password was looked at, and was wrong */
  readonly failed: string;
};

/** What came of it. `statuses`: 0 stands for no answer. `most…`: passwords that were looked at for one of these. */
export type Raided = {
  readonly statuses: readonly (readonly [number, number])[];
  readonly seconds: number;
  readonly guesses: number;
  readonly mostOfName: number;
  readonly mostOfSource: number;
  readonly mostOfNetwork: number;
  readonly mostNamesOfNetwork: number;
};

const agent = new Agent({ keepAlive: true, maxSockets: 500 });
const sourceOf = (number: number) => `10.0.${number >> 1}.${10 + (number & 1)}`;
const networkOf = (number: number) => number >> 1;

async function raid({ url, attempts, names, sources, perSecond, failed }: Raid): Promise<Raided> {
  const statuses = new Map<number, number>();
  const looked: { name: number; source: number }[] = [];
  const attempt = async (number: number) => {
    const name = number % names;
    const source = (number + Math.floor(number / names)) % sources;
    const customer = name < names / 2;
    const email = customer ? personAddress(name) : `stranger-${name}@example.org`;
    const { status, text } = await tries(url, sourceOf(source), email, `leaked-${number}-Password`);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (text.includes(failed)) looked.push({ name, source });
  };
  const begun = performance.now();
  const running: Promise<void>[] = [];
  for (let sent = 0; sent < attempts; await sleep(5))
    while (sent < attempts && sent < ((performance.now() - begun) / 1000) * perSecond) running.push(attempt(sent++));
  await Promise.all(running);
  agent.destroy();
  const namesOfNetwork = [...new Set(looked.map(({ name, source }) => `${networkOf(source)} ${name}`))].map(
    (pair) => pair.split(' ')[0],
  );
  return {
    statuses: [...statuses],
    seconds: (performance.now() - begun) / 1000,
    guesses: looked.length,
    mostOfName: most(looked.map(({ name }) => name)),
    mostOfSource: most(looked.map(({ source }) => source)),
    mostOfNetwork: most(looked.map(({ source }) => networkOf(source))),
    mostNamesOfNetwork: most(namesOfNetwork),
  };
}

/** @returns how often the commonest one occurs */
function most<T>(list: readonly T[]): number {
  const counts = new Map<T, number>();
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

async function tries(url: string, source: string, email: string, password: string): Promise<Answer> {
  const headers = { 'x-forwarded-for': source };
  const form = await ask(agent, `${url}/login`, headers);
  const token = /name="_csrf" value="([^"]+)"/.exec(form.text)?.[1];
  if (form.status !== 200 || !token) return form;
  const body = new URLSearchParams({ email, password, _csrf: token }).toString();
  return ask(agent, `${url}/login`, { ...headers, cookie: form.cookie, origin: url }, body);
}

// The parent imports the types of this file only, so this runs in the child alone.
const [wanted = '{}'] = process.argv.slice(2);
process.send?.(await raid(JSON.parse(wanted) as Raid));
process.disconnect?.();
