// docs/servers.md word for word: every block of commands on the page, on the panel's machine and on another one, and a customer's site on each.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joined, type Machine, machineMissing, newMachine, release } from '../support/machine/machine.ts';

const repository = join(import.meta.dirname, '../..');
const missing = machineMissing();

type Block = { heading: string; script: string; done: boolean };

let panel: Machine;
let other: Machine;
let folder: string;
let page: string;
let blocks: Block[];
let guide: Block[];
let site: string;
const variables: Record<string, string> = { VERSION: 'v1', NODE: process.execPath };

/** The shell blocks of a page with the headings they stand under. */
function blocksOf(text: string): Block[] {
  let heading = '';
  return [...text.matchAll(/^##+ (.+)$|^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, title, script]) => {
    if (title !== undefined) heading = title;
    return script === undefined ? [] : [{ heading, script, done: false }];
  });
}

async function sh(machine: Machine, script: string): Promise<string> {
  const { code, out, err } = await machine.sh(script, variables);
  const logs = code === 0 ? '' : (await machine.sh('tail -n 20 /var/log/gotgan*.log 2>/dev/null || true')).out;
  expect([code, code === 0 ? '' : `${out}${err}${logs}`], script).toEqual([0, '']);
  return out;
}

/** Runs the block of the page that holds these words, as it stands. @returns what it printed */
async function run(machine: Machine, words: string): Promise<string> {
  const [block, ...more] = blocks.filter(({ script }) => script.includes(words));
  if (!block || more.length > 0) throw new Error(`${more.length + 1} blocks hold "${words}"`);
  block.done = true;
  return sh(machine, block.script);
}

/** The block of another language under a heading, for a file that the page shows. */
function shown(language: string, words: string): string {
  const found = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].find(
    ([, of, text = '']) => of === language && text.includes(words),
  );
  return found?.[2] ?? '';
}

const arrive = async () => {
  const said = await sh(
    panel,
    'NODE_TLS_REJECT_UNAUTHORIZED=0 "$NODE" --no-warnings "$REPOSITORY/test/support/machine/customer.ts" arrive /root/customer.json',
  );
  return String(JSON.parse(said.trim().split('\n').at(-1) ?? '{}').site);
};

if (!missing) {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gotgan-release-'));
    const read = (name: string) => readFile(join(repository, 'docs', name), 'utf8');
    page = await read('servers.md');
    [blocks, guide] = [blocksOf(page), blocksOf(await read('operations.md'))];
    variables.RELEASE = await release(folder, ['v1']);
    [panel, other] = await Promise.all([newMachine(true), newMachine(true)]);
    await joined(panel, other);
    await sh(panel, 'nginx');
    for (const heading of ['Install', 'Proxy in front'])
      for (const { script } of guide.filter((block) => block.heading === heading)) await sh(panel, script);
  }, 240_000);
  afterAll(async () => {
    await panel?.remove();
    await other?.remove();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test('sites as Unix users on the panel’s machine: behind the socket, and by a line of sudoers', async () => {
    const settings = shown('json', 'panelUser');
    expect(JSON.parse(settings)).toMatchObject({ root: '/srv/sites', panelUser: 'gotgan' });
    await sh(panel, `cat > /etc/gotgan-sites.json <<'END'\n${settings}END`);
    const sudoers = shown('', 'NOPASSWD: /opt/gotgan');
    await sh(panel, `cat > /etc/sudoers.d/gotgan <<'END'\n${sudoers}END\nchmod 0440 /etc/sudoers.d/gotgan && visudo -cq`);
    await run(panel, 'systemctl enable --now gotgan-sites.socket');
    // The page gives two ways to one server: here both are there, so the second is called otherwise.
    for (const block of blocks) if (block.script.includes('"sudo"')) block.script = block.script.replace('unix-1', 'unix-2');
    await run(panel, '"sudo"');
    const list = await sh(panel, 'gotgan server list');
    expect(list).toMatch(/^unix-1 {2}web {2}unix/m);
    expect(list).toMatch(/^unix-2 {2}web {2}unix/m);
    expect(list).toMatch(/^this-machine .*drained/m);
  });

  test('a server on another machine: its users, sshd and settings, then it is added, and takes a customer’s site', async () => {
    await run(panel, 'gotgan server sshd-config');
    const printed = await sh(panel, 'cat 00-gotgan.conf');
    // As Debian's package leaves it.
    await sh(other, 'systemctl reload ssh');
    await sh(other, `git clone --quiet --branch "$VERSION" "$RELEASE" /opt/gotgan && cd /opt/gotgan && npm ci --omit=dev`);
    await sh(other, `cat > 00-gotgan.conf <<'END'\n${printed}END`);
    variables.HOST_KEY = /SHA256:\S+/.exec(await run(other, 'useradd --system'))?.[0] ?? '';
    await run(panel, '--host-key "$HOST_KEY"');
    await sh(panel, 'gotgan server drain unix-1 && gotgan server drain unix-2');
    site = await arrive();
    expect(await sh(other, `stat -c '%U %s' /srv/sites/${site}/www/big.txt`)).toBe(`${site} 64000000\n`);
    // It is shown once it was verified.
    const zip = `for _ in $(seq 200); do ls /srv/sites/${site}/backup | grep 'zip$' && break; sleep 0.2; done`;
    expect(await sh(other, zip)).toMatch(new RegExp(`^${site}-\\S+\\.zip\n$`));
  }, 240_000);

  test('its databases, and a move to the panel’s machine and back', async () => {
    variables.MARIADB_PASSWORD = 'abcdef0123456789';
    await sh(
      other,
      `install -d -o mysql /var/lib/mysql /run/mysqld
      mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql --innodb-log-file-size=8M --skip-test-db --auth-root-authentication-method=normal >/dev/null
      setsid mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --innodb-log-file-size=8M --bind-address=127.0.0.1 --socket=/run/mysqld/own.sock >/var/log/mariadb.log 2>&1 </dev/null &
      for _ in $(seq 300); do mariadb-admin --no-defaults --socket=/run/mysqld/own.sock ping >/dev/null 2>&1 && break; sleep 0.1; done
      mariadb --no-defaults --socket=/run/mysqld/own.sock -e "GRANT ALL ON *.* TO root@127.0.0.1 IDENTIFIED BY '$MARIADB_PASSWORD' WITH GRANT OPTION; ALTER USER root@localhost IDENTIFIED BY '$MARIADB_PASSWORD'"`,
    );
    expect(await run(panel, 'prepare-database second')).toContain('can make databases now');
    expect(await sh(panel, 'gotgan server list')).toMatch(/^second .* mariadb /m);
    const moved = await sh(panel, `gotgan site move ${site} --to unix-1 --even-drained`);
    expect(moved).toMatch(/\bdone {2}1 files, 64000000 bytes, sha256 [0-9a-f]{64}/);
    // On its own machine what comes from the panel is the panel's user's, and of the site's group.
    expect(await sh(panel, `stat -c '%G %s' /srv/sites/${site}/www/big.txt`)).toBe(`${site} 64000000\n`);
    expect(await sh(panel, 'gotgan site moves')).toMatch(new RegExp(`^${site} {2}second -> unix-1 .*old place kept until`, 'm'));
    expect(await sh(panel, `gotgan site move ${site} --back`)).toContain('done');
    expect(await sh(other, `stat -c '%U %s' /srv/sites/${site}/www/big.txt`)).toBe(`${site} 64000000\n`);
  }, 240_000);

  test('no block of commands was left out', () => {
    expect(blocks.filter(({ done }) => !done).map(({ script }) => script)).toEqual([]);
  });
}

test('every command of gotgan that the page names is there, and every file', async () => {
  const text = await readFile(join(repository, 'docs/servers.md'), 'utf8');
  const sources = ['cli', 'server-commands', 'site-commands', 'ssh-commands', 'database-commands', 'ftp-server-commands'];
  const usage = (await Promise.all(sources.map((name) => readFile(join(repository, `src/${name}.ts`), 'utf8')))).join('\n');
  for (const [, group = '', act = ''] of text.matchAll(/gotgan (server|site|ssh) ([a-z-]+)/g))
    expect(usage, `gotgan ${group} ${act}`).toMatch(
      new RegExp(`${group} (${act}\\b|[a-z|]*\\b${act}\\b)|^ {2}'?${act}'?:|'${group} ${act}`, 'm'),
    );
  for (const [, link = ''] of text.matchAll(/\]\((\.\.\/[^)#]+|[a-z]+\.md)[^)]*\)/g))
    await expect(readFile(join(repository, 'docs', link)), link).resolves.toBeDefined();
});
