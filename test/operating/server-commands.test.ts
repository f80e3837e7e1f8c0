// `gotgan server` and `gotgan sites` as an operator types them: what is missing is said in words, and nothing half is kept.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commanded } from '../support/commands.ts';
import { gotgan } from '../support/program.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-commands-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const environment = { SECRET: 'a-secret-of-at-least-thirty-two-bytes', PASSWORD_COST: 'm=19456,t=2,p=1' };
const run = (...args: string[]) => commanded(args, { folder, environment });
/** As a process. */
const typed = (...args: string[]) => gotgan(args, { folder, environment }).ended;
const provisioning = join(import.meta.dirname, '../support/provisioning.ts');

test('a server is added, listed and drained; whatever is missing or wrong is said, and the list stays as it was', async () => {
  const wrong: [string[], RegExp][] = [
    [['server', 'constructor'], /one of add, prepare-database, sshd-config, key, reach, list, drain is needed/],
    [['server', 'add'], /a name, --group web or ssh, and --host folders, unix, command are needed/],
    [['server', 'add', 'a', '--group', 'mail', '--host', 'folders'], /--group web or ssh/],
    [['server', 'add', 'web-1', '--group', 'web', '--host', 'folders'], /not as it must be: storage/],
    [['server', 'add', 'web-1', '--group', 'web', '--host', 'command'], /--command is a JSON array/],
    [
      ['server', 'add', 'web-1', '--group', 'web', '--host', 'command', '--command', 'provision --live'],
      /--command is a JSON array/,
    ],
    [['server', 'add', 'web-1', '--group', 'web', '--host', 'command', '--command', '["/nowhere"]'], /was not added.*ENOENT/],
    [
      ['server', 'add', 'web-1', '--group', 'web', '--host', 'folders', '--storage', '/x', '--ftp-port', '21'],
      /needs --ftp-host/,
    ],
    [['server', 'add', 'web-1', '--shell', 'x'], /Unknown option '--shell'/],
    [
      ['server', 'add', 'far', '--group', 'web', '--host', 'unix', '--address', '192.0.2.7'],
      /ssh-keyscan -p 22 .*192\.0\.2\.7 \|/,
    ],
    [['server', 'add', 'far', '--group', 'web', '--host', 'unix', '--host-key', 'x'], /--host-key needs --address/],
    [
      ['server', 'add', 'far', '--group', 'web', '--host', 'unix', '--address', '192.0.2.7', '--host-key', 'x'],
      /not as it must be: host-key/,
    ],
    [['server', 'reach', 'this-machine'], /what is new\?/],
    [['server', 'reach', 'this-machine', '--address', '192.0.2.7'], /this machine/],
    [['server', 'drain', 'none'], /./],
    [['site', 'suspend', 'abc'], /--reason is one of unpaid, authority, security, terms/],
    [['site', 'resume', 'abc'], /./],
  ];
  for (const [args, words] of wrong) {
    const { code, out, err } = await run(...args);
    expect([code, out], args.join(' ')).toEqual([1, '']);
    expect(err, args.join(' ')).toMatch(words);
    expect(err, args.join(' ')).not.toMatch(/\n\s+at /);
  }
  const [missing = []] = wrong[1] ?? [];
  expect(await typed(...missing)).toEqual(await run(...missing));
  expect((await run('server', 'list')).out).toMatch(
    /^this-machine {2}web {2}folders {2}0 sites {2}data\/sites {2}no databases {2}no ftp {2}not checked yet\n$/,
  );

  const command = JSON.stringify([process.execPath, provisioning, join(folder, 'far')]);
  const added = await typed(
    'server',
    'add',
    'far',
    '--group',
    'web',
    '--host',
    'command',
    '--command',
    command,
    '--ftp-host',
    'ftp.example.com',
  );
  expect([added.code, added.err]).toEqual([0, '']);
  expect((await run('server', 'add', 'far', '--group', 'web', '--host', 'command', '--command', command)).err).toContain(
    'there is a server of this name',
  );
  expect((await run('server', 'drain', 'this-machine')).out).toContain('No new site is put there');
  expect((await run('server', 'drain', 'this-machine')).out).toContain('It was drained before');
  expect((await run('server', 'drain', 'this-machine', '--back')).out).toContain('takes new sites again');
  expect((await run('server', 'list')).out).toMatch(
    /\nfar {2}web {2}command {2}0 sites {2}no databases {2}ftp ftp\.example\.com:21 {2}well \(\d{4}-/,
  );
});

test('what a program says cannot write on the operator’s terminal', async () => {
  const program = join(folder, 'program.mjs');
  await writeFile(program, `console.error('\\x1b]0;mine\\x07 no'); process.exit(1);`);
  await chmod(program, 0o755);
  const command = JSON.stringify([process.execPath, program]);
  const { err } = await run('server', 'add', 'far', '--group', 'web', '--host', 'command', '--command', command);
  expect(err).toContain('ended with 1: ]0;mine  no');
  expect(err).not.toMatch(/[\x1b\x07]/);
});
