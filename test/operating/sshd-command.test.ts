// `gotgan server sshd-config`, as an operator runs it: what it prints is what sshd takes, and nothing in it can say more than it should.
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../bin/gotgan.mjs');

test('however sshd calls its SFTP server, the one that reads runs; what else is asked for is not known', () => {
  const program = join(import.meta.dirname, '../../operations/gotgan-server');
  // Its SFTP server ends well when nobody says anything.
  const asked = (SSH_ORIGINAL_COMMAND: string) => {
    const { status, stderr } = spawnSync('sh', [program], { env: { SSH_ORIGINAL_COMMAND }, input: '', encoding: 'utf8' });
    return [status, stderr];
  };
  const names = [
    '/usr/lib/openssh/sftp-server',
    '/usr/libexec/openssh/sftp-server',
    '/usr/lib/openssh/sftp-server -f AUTHPRIV -l INFO',
  ];
  for (const name of [...names, 'internal-sftp', 'internal-sftp -u 0027']) expect(asked(name), name).toEqual([0, '']);
  for (const name of ['', 'sh', '/bin/sh -c /sftp-server', 'sftp-server-or-not', 'gotgan-sites x', 'internal-sftpx'])
    expect(asked(name), name).toEqual([126, 'not known here\n']);
});

describe('gotgan server sshd-config', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gotgan-sshd-config-'));
    for (const name of ['panel', 'host'])
      await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const gotgan = (...args: string[]) =>
    spawnSync(process.execPath, [program, 'server', 'sshd-config', ...args], { encoding: 'utf8', cwd: folder });
  const key = () => ['--key', join(folder, 'panel.pub')];

  test('prints a block that sshd accepts and applies to the sites’ users, and the line of the key file', async () => {
    const { stdout, status } = gotgan(...key(), '--from', '192.0.2.10', '--from', '2001:db8::/64', '--group', 'root');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^#restrict,port-forwarding,from="192\.0\.2\.10,2001:db8::\/64" ssh-ed25519 \S+ gotgan$/m);
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    const file = join(folder, 'sshd_config');
    await writeFile(file, `HostKey ${join(folder, 'host')}\nSubsystem sftp internal-sftp\n${stdout}`);
    // the effective settings for a user of the group
    const { stdout: effective, stderr } = spawnSync(
      '/usr/sbin/sshd',
      ['-T', '-f', file, '-C', 'user=root,host=a,addr=192.0.2.10'],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    for (const line of [
      'chrootdirectory %h',
      'forcecommand internal-sftp -u 0027',
      'passwordauthentication no',
      'kbdinteractiveauthentication no',
      'authenticationmethods publickey',
      'authorizedkeysfile /etc/ssh/gotgan-panel.keys',
      'disableforwarding yes',
      'permittty no',
      'permittunnel no',
      'permituserrc no',
    ])
      expect(effective.split('\n')).toContain(line);
    const others = spawnSync('/usr/sbin/sshd', ['-T', '-f', file, '-C', 'user=nobody,host=a,addr=192.0.2.10'], {
      encoding: 'utf8',
    }).stdout;
    expect(others).toContain('forcecommand none');
  });

  test.each([
    ['no key', ['--from', '192.0.2.10'], 'is needed'],
    ['no address', [], 'the address of the panel is needed'],
    ['an address with more in it', ['--from', '192.0.2.10" ssh-ed25519 AAAA'], 'no address or network'],
    ['a program with more in it', ['--from', '192.0.2.10', '--program', '/srv\nPermitTTY yes'], 'must be an absolute path'],
    ['a database with more in it', ['--from', '192.0.2.10', '--database', '127.0.0.1:1 *:*'], 'no address and port'],
    ['a file that climbs', ['--from', '192.0.2.10', '--key-file', '/srv/../etc'], 'must be an absolute path'],
    ['a group with more in it', ['--from', '192.0.2.10', '--group', 'a,*'], 'name of a system group'],
    ['a private key', ['--from', '192.0.2.10', '--key', 'panel'], 'one line of a public key file'],
    ['a key that is not there', ['--from', '192.0.2.10', '--key', 'none.pub'], 'cannot be read'],
  ])('refuses %s, and prints nothing', (what, args, sentence) => {
    const { stdout, stderr, status } = gotgan(...(what === 'no key' || args.includes('--key') ? [] : key()), ...args);
    expect([stdout, status]).toEqual(['', 1]);
    expect(stderr).toContain(sentence);
  });
});
