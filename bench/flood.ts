// A process of its own that signs in: each visitor opens the form with an empty browser and sends it. `atOnce` waits for each
// answer; `perSecond` lets visitors arrive at that rate whether the others were answered or not.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
import { personAddress } from './fill.ts';

export type Flood = {
  readonly url: string;
  readonly password: string;
  /** `personAddress(0)` and on have this password */
  readonly persons: number;
  readonly seconds: number;
  readonly atOnce?: number;
  readonly perSecond?: number;
};

/** Answers by their status; 0: no answer came. */
export type Flooded = { readonly asked: number; readonly statuses: readonly (readonly [number, number])[] };

const agent = new Agent({ keepAlive: true, maxSockets: 1000 });

async function flood({ url, password, persons, seconds, atOnce, perSecond }: Flood): Promise<Flooded> {
  const statuses = new Map<number, number>();
  let asked = 0;
  const visit = async () => {
    const email = personAddress(asked++ % persons);
    for (const status of await signIn(url, email, password)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const begun = performance.now();
  const end = begun + seconds * 1000;
  const line = async () => {
    while (performance.now() < end) await visit();
  };
  if (perSecond === undefined) await Promise.all(Array.from({ length: atOnce ?? 1 }, line));
  else {
    const visits: Promise<void>[] = [];
    for (; performance.now() < end; await sleep(5))
      while (asked < ((performance.now() - begun) / 1000) * perSecond) visits.push(visit());
    await Promise.all(visits);
  }
  agent.destroy();
  return { asked, statuses: [...statuses] };
}

/** @returns what the form and its sending were answered with */
async function signIn(url: string, email: string, password: string): Promise<number[]> {
  const form = await ask(agent, `${url}/login`, {});
  if (form.status !== 200) return [form.status];
  const body = new URLSearchParams({ email, password });
  const [fields = ''] = form.text.slice(form.text.indexOf('action="/login"')).split('</form>');
  for (const [, name = '', value = ''] of fields.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g))
    body.append(name, value);
  const { status } = await ask(agent, `${url}/login`, { cookie: form.cookie, origin: url }, body.toString());
  return [form.status, status];
}

// The parent imports the types of this file only, so this runs in the child alone.
const [wanted = '{}'] = process.argv.slice(2);
const flooded = await flood(JSON.parse(wanted) as Flood);
process.send?.(flooded);
process.disconnect?.();
