// Names of upload folders in the configuration of real nginx and Apache: whatever they hold, they end no word, no line and no expression.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apacheCommon, apacheSite } from '../../src/platform/webserver/apache.ts';
import { nginxCommon, nginxSite } from '../../src/platform/webserver/nginx.ts';
import { spellingsOf } from '../../src/platform/webserver/spellings.ts';
import { freePort } from '../support/remote-sites.ts';

const names = [
  'with space',
  ' leading',
  '자료실',
  '자료실'.normalize('NFD'),
  'quo"te',
  "apo'strophe",
  'semi;colon} location / { return 200 hacked; }',
  'regex.*+(a|b)[c]^$',
  ['$', '{SRVROOT}'].join(''),
  '$document_root',
  '%{ENV:PATH}',
  '#comment',
  '>close<',
  '~',
  '*',
  '?',
  '[a',
  'a]',
];
const modules = ['mpm_prefork', 'authz_core', 'mime', 'headers', 'negotiation', 'include', 'dir'];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-names-'));
  for (const name of names) await mkdir(join(folder, 'www', name), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const web = async () => ({
  name: 'mysite',
  root: join(folder, 'www'),
  folders: await Promise.all(names.map((name) => spellingsOf([name.normalize('NFC')], join(folder, 'www')))),
});

test('nginx takes the configuration of folders with any name, as locations and nothing else', async () => {
  const text = nginxSite(await web());
  await writeFile(join(folder, 'site.conf'), text);
  await writeFile(join(folder, 'common.conf'), nginxCommon);
  const main = `pid ${folder}/pid; error_log stderr; events {} http { access_log off; server { listen 127.0.0.1:1; include ${folder}/common.conf; include ${folder}/site.conf; } }`;
  await writeFile(join(folder, 'nginx.conf'), main);
  execFileSync('/usr/sbin/nginx', ['-t', '-q', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  expect(text.toString()).not.toMatch(/^\s*return 200/m);
});

test('Apache takes it too', async () => {
  await writeFile(join(folder, 'site.inc'), apacheSite(await web()));
  await writeFile(join(folder, 'common.inc'), apacheCommon);
  const load = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n');
  const main = `ServerRoot ${folder}\nDefine SRVROOT /etc\nServerName localhost\nListen 127.0.0.1:1\nPidFile ${folder}/pid\nErrorLog /dev/stderr\n${load}\nInclude ${folder}/common.inc\n<VirtualHost *:1>\nDocumentRoot ${folder}/www\nInclude ${folder}/site.inc\n</VirtualHost>\n`;
  await writeFile(join(folder, 'apache.conf'), main);
  execFileSync('/usr/sbin/apache2', ['-t', '-f', join(folder, 'apache.conf')], { stdio: 'pipe' });
});

test('a folder whose name only begins alike, or differs in case, is as it was in a running Apache', async () => {
  const own = await mkdtemp(join(tmpdir(), 'gotgan-alike-'));
  await chmod(own, 0o755);
  const files = ['data/a.pl', 'data/.env', 'data/deep/A.PL', 'data/a.txt', 'Data/a.pl', 'data2/a.pl', 'data.pl', 'my/data/a.pl'];
  for (const file of files) {
    await mkdir(join(own, 'www', file, '..'), { recursive: true });
    await writeFile(join(own, 'www', file), 'as it lies there');
  }
  await writeFile(
    join(own, 'site.inc'),
    apacheSite({ name: 'mysite', root: join(own, 'www'), folders: [[Buffer.from('data')]] }),
  );
  const load = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n');
  const port = await freePort();
  const main = `ServerRoot ${own}\nServerName localhost\nListen 127.0.0.1:${port}\nPidFile ${own}/pid\nErrorLog ${own}/error.log\nUser www-data\nGroup www-data\nKeepAlive Off\n${load}\nTypesConfig /etc/mime.types\n<VirtualHost *:${port}>\nDocumentRoot ${own}/www\nInclude ${own}/site.inc\n</VirtualHost>\n`;
  await writeFile(join(own, 'apache.conf'), main);
  const server = spawn('/usr/sbin/apache2', ['-X', '-f', join(own, 'apache.conf')], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  try {
    const status = async (file: string) => (await fetch(`http://127.0.0.1:${port}/${file}`)).status;
    await expect.poll(() => status('data/a.txt').catch(() => 0), { timeout: 10_000 }).toBe(200);
    const answers = Object.fromEntries(await Promise.all(files.map(async (file) => [file, await status(file)])));
    expect(answers).toEqual({
      ...{ 'data/a.pl': 403, 'data/.env': 403, 'data/deep/A.PL': 403, 'data/a.txt': 200 },
      ...{ 'Data/a.pl': 200, 'data2/a.pl': 200, 'data.pl': 200, 'my/data/a.pl': 200 },
    });
  } finally {
    server.kill();
    await ended;
    await rm(own, { recursive: true });
  }
});

test('a folder is named in every spelling that it may have, and by what lies there', async () => {
  const raw = Buffer.from([0xc0, 0xda, 0xb7, 0xe1]);
  await mkdir(Buffer.concat([Buffer.from(`${folder}/www/`), raw]));
  const spellings = await spellingsOf(['자료'], join(folder, 'www'));
  expect(spellings.map((one) => one.toString('hex'))).toEqual(
    [raw, Buffer.from('자료'), Buffer.from('자료'.normalize('NFD'))].map((one) => one.toString('hex')),
  );
});

test.each(['../x', 'a b', 'UPPER'])('no site can be called %s', (name) => {
  expect(() => nginxSite({ name, root: '/srv/sites/x/www', folders: [] })).toThrow(RangeError);
});

test.each(['srv/www', '/srv/a b', '/srv/../etc', '/srv/"x'])('no document root can be %s', (root) => {
  expect(() => apacheSite({ name: 'mysite', root, folders: [] })).toThrow(RangeError);
});
