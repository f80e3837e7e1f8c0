// docs/operations.md word for word: every command on the page, in its order of use, on a machine of its own, with a customer whose data must survive.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Machine, machineMissing, newMachine, release } from '../support/machine/machine.ts';

const repository = join(import.meta.dirname, '../..');
const missing = machineMissing();

let machine: Machine;
let folder: string;
let blocks: { heading: string; script: string; done: boolean }[];
let variables: Record<string, string>;

beforeAll(async () => {
  if (missing) return;
  folder = await mkdtemp(join(tmpdir(), 'gotgan-release-'));
  blocks = blocksOf(await readFile(join(repository, 'docs/operations.md'), 'utf8'));
  variables = {
    RELEASE: await release(folder, ['v1', 'v2']),
    VERSION: 'v1',
    BACKUP: '/var/backups/gotgan',
    CUSTOMERS: '/root/customers.csv',
    POSTGRES_PASSWORD: 'abcdef0123456789abcdef',
  };
  machine = await newMachine();
}, 120_000);

afterAll(async () => {
  await machine?.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** The shell blocks of a page with the headings they stand under. */
function blocksOf(page: string) {
  let heading = '';
  return [...page.matchAll(/^## (.+)$|^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, title, script]) => {
    if (title !== undefined) heading = title;
    return script === undefined ? [] : [{ heading, script, done: false }];
  });
}

/** Runs the blocks under a heading as they stand. @returns what they printed */
async function procedure(heading: string): Promise<string> {
  const own = blocks.filter((block) => block.heading === heading);
  expect(own.length, `no commands under "${heading}"`).toBeGreaterThan(0);
  let printed = '';
  for (const block of own) {
    const { code, out, err } = await machine.sh(block.script, variables);
    expect([code, code === 0 ? '' : `${out}${err}`], `${heading}:\n${block.script}${await logs()}`).toEqual([0, '']);
    block.done = true;
    printed += out;
  }
  return printed;
}

const logs = async () => (await machine.sh('tail -n 20 /var/log/gotgan*.log 2>/dev/null || true')).out;

async function customer(act: 'arrive' | 'back'): Promise<void> {
  const ready = 'curl -fsS --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:3000/readyz';
  const script = `${ready} && NODE_TLS_REJECT_UNAUTHORIZED=0 "$NODE" --no-warnings "$REPOSITORY/test/support/machine/customer.ts" ${act} /root/customer.json`;
  const { code, out, err } = await machine.sh(script, { NODE: process.execPath });
  expect([code, code === 0 ? '' : out + err], `${act}: ${await logs()}`).toEqual([0, '']);
}

describe.skipIf(missing)(`the page of operations${missing ? ` (${missing})` : ''}`, () => {
  test('install: the panel runs as its own user, hardened settings, secret and all', async () => {
    const printed = await procedure('Install');
    expect(printed).toContain('"ready":true');
    const { out } = await machine.sh('stat -c "%U %a" /etc/gotgan.env /var/lib/gotgan/panel.db; ps -o user=,ni=,args= -u gotgan');
    expect(out).toMatch(/^root 600\ngotgan 600\n/);
    const [, web = '', worker = ''] = /gotgan +(\d+) .*serve --no-worker\ngotgan +(\d+) .* work$/m.exec(out) ?? [];
    expect(Number(worker) - Number(web), out).toBe(10);
  }, 120_000);

  test('proxy: a customer signs up through it, uploads 64 MB and downloads a backup', async () => {
    await machine.sh('nginx');
    await procedure('Proxy in front');
    await customer('arrive');
    const { out } = await machine.sh(
      'curl -sk -o /dev/null -w "%{http_code}" https://panel.example.com/metrics; ls -A /var/lib/nginx/body /var/lib/nginx/proxy',
    );
    expect(out).toMatch(/^404/);
    expect(out).not.toMatch(/\d{5,}/);
  }, 240_000);

  test('figures: on the machine itself they are there, and requests through the proxy carry its number', async () => {
    const figures = await procedure('Figures');
    expect(figures).toMatch(/^gotgan_sites 1$/m);
    expect(figures).toMatch(/^gotgan_upload_stored_bytes_total 64000000$/m);
    expect(await logs()).toMatch(/"requestId":"[0-9a-f]{32}"/);
  });

  test('customers from another panel: checked, imported, found by their domain', async () => {
    const rows = 'login_name,email,password_hash,domain,plan\nhong123,hong@example.com,,hong.example.kr,tree\n';
    await machine.sh(`printf '%s' "$ROWS" > /root/customers.csv`, { ROWS: rows });
    const printed = await procedure('Customers from another panel');
    expect(printed).toMatch(/Everything can be imported\. Nothing was written\.[\s\S]*1 customers were written/);
    const { out } = await machine.sh('gotgan accounts find --domain hong.example.kr; ls /var/lib/gotgan');
    expect(out).toContain('1 found');
    expect(out).not.toContain('customers.csv');
  }, 120_000);

  test('change the secret: everything is written anew, the old one is gone, and the customer is still there', async () => {
    const before = (await machine.sh('grep ^SECRET= /etc/gotgan.env')).out;
    expect(await procedure('Change the secret')).toContain('OLD_SECRETS may go');
    const after = (await machine.sh('grep SECRET /etc/gotgan.env')).out;
    expect(after).toMatch(/^SECRET=\S{64}\n$/);
    expect(after).not.toBe(before);
    await customer('back');
  }, 120_000);

  test('back up, lose everything, restore: the customer signs in and downloads the same archive', async () => {
    await procedure('Back up the panel itself');
    const lost = await machine.sh('systemctl stop gotgan gotgan-worker && rm -r /var/lib/gotgan/* /etc/gotgan.env');
    expect([lost.code, lost.err]).toEqual([0, '']);
    await procedure('Restore the panel');
    await customer('back');
  }, 120_000);

  test('move to PostgreSQL, back up there, lose the database, restore', async () => {
    await procedure('Move to PostgreSQL');
    expect((await machine.sh('gotgan config')).out).toMatch(/DATABASE_URL +\(set, hidden\)/);
    await customer('back');
    await procedure('Back up and restore with PostgreSQL');
    await customer('back');
  }, 240_000);

  test('upgrade to another version, and everything is still there', async () => {
    variables.VERSION = 'v2';
    await procedure('Upgrade');
    expect((await machine.sh('git -C /opt/gotgan describe --tags')).out.trim()).toBe('v2');
    await customer('back');
  }, 120_000);

  test('no command of the page was left out', () => {
    expect(blocks.filter(({ done }) => !done).map(({ heading, script }) => `${heading}:\n${script}`)).toEqual([]);
  });
});

test('every file that the page names is there, and every command of gotgan', async () => {
  const page = await readFile(join(repository, 'docs/operations.md'), 'utf8');
  for (const [, link = ''] of page.matchAll(/\]\(([^)#:]+)\)/g))
    await expect(
      readFile(join(repository, 'docs', link.endsWith('.md') || link.includes('/') ? link : `${link}.md`)),
      link,
    ).resolves.toBeDefined();
  const files = ['cli', 'ftp-server-commands', 'outage-commands', 'evidence-commands'];
  const usages = files.map((name) => `src/${name}.ts`).map((file) => readFile(join(repository, file), 'utf8'));
  const usage = (await Promise.all(usages)).join();
  for (const [, command = ''] of page.matchAll(/`gotgan ([a-z-]+)/g)) expect(usage).toContain(`gotgan ${command}`);
});
