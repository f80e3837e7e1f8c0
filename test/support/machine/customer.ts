// A customer of the panel on the test machine, through its proxy: `customer.ts arrive|back|read <state file>`. Run inside the machine.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestPanel, Visitor } from '../panel.ts';

const origin = 'https://panel.example.com';
const outbox = '/var/lib/gotgan/outbox';
const email = 'customer@example.com';
const uploadBytes = 64_000_000;

/** The worker is a process of its own here, so its letters and sites are waited for. */
async function until<T>(question: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await question().catch(() => undefined);
    if (answer !== undefined) return answer;
    await sleep(200);
  }
  throw new Error('it did not happen in time');
}

const letters = async () => Promise.all((await readdir(outbox)).sort().map((name) => readFile(`${outbox}/${name}`, 'utf8')));
const panel = { server: origin, origin, letters, work: async () => 0 } as unknown as TestPanel;
const visitor = new Visitor(panel);

async function arrive() {
  await visitor.signUp(email);
  const link = await until(() => visitor.linkFor(email, '/verify/'));
  await visitor.submit(link, {});
  const site = await until(() => visitor.site());
  await until(async () => ((await visitor.get(`/sites/${site}/files/www`)).status === 200 ? true : undefined));
  const big = Buffer.alloc(uploadBytes, 'a line of a big file\n');
  const uploaded = await visitor.upload(site, [{ name: 'big.txt', body: big }]);
  const { text } = await visitor.get(uploaded.headers.location ?? '');
  if (uploaded.status !== 303 || !text.includes('big.txt')) throw new Error(`upload: ${uploaded.status}`);
  await visitor.submit(`/sites/${site}/backups`, {});
  const download = await until(() => newest(site));
  return { site, download, archive: await digestOf(download) };
}

async function newest(site: string): Promise<string | undefined> {
  const { text } = await visitor.get(`/sites/${site}/backups`);
  return /href="(\/sites\/[^"]+\/download)"/.exec(text)?.[1];
}

async function digestOf(address: string): Promise<string> {
  const { status, body } = await visitor.get(address).responseType('blob');
  if (status !== 200) throw new Error(`${address}: ${status}`);
  return createHash('sha256').update(body).digest('hex');
}

async function back(state: { site: string; download: string; archive: string }) {
  const entered = await visitor.logIn(email);
  if (entered.headers.location !== '/dashboard') throw new Error(`sign-in: ${entered.status}`);
  if ((await digestOf(state.download)) !== state.archive) throw new Error('the archive differs');
  const { status, headers } = await visitor.get(`/sites/${state.site}/files/www/big.txt`).buffer(false);
  if (status !== 200 || Number(headers['content-length']) !== uploadBytes) throw new Error(`big.txt: ${status}`);
  return state;
}

const [, , act, file = ''] = process.argv;
const state = act === 'arrive' ? await arrive() : await back(JSON.parse(await readFile(file, 'utf8')));
await writeFile(file, JSON.stringify(state));
console.log(JSON.stringify(state));
