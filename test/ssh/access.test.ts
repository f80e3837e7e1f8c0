// Who comes in: the file we write, read by a real sshd with the configuration we ship, tried with OpenSSH's own client.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hour, second } from '../../src/platform/clock.ts';
import { commandHost } from '../../src/platform/site-host/command.ts';
import type { Entry } from '../../src/platform/site-host/port.ts';
import { localRunner } from '../../src/platform/site-host/runner.ts';
import { unixSites } from '../support/unix-sites.ts';
import { aSite, type Key, panelAddress, type SshServer, startSshServer } from './server.ts';

let server: SshServer;
let key: Key;
const plain = (line: string) => line.split(' ').slice(0, 2).join(' ');
const entry = (more: Partial<Entry> = {}): Entry => ({
  key: plain(key.line),
  from: ['127.0.0.1/32'],
  // sshd looks at the clock of the machine.
  until: Date.now() + hour,
  label: 'request',
  ...more,
});

beforeAll(async () => {
  server = await startSshServer();
  key = await server.newKey();
});
afterAll(() => server?.close());
beforeEach(async () => void (await server.letIn([])));

describe('a server of the group ssh', () => {
  test('lets the right key in from the right address, as the user of the site', async () => {
    await server.letIn([entry()]);
    const { code, out } = await server.run(key, 'id -u');
    expect([code, out.trim()]).toEqual([0, String(server.userId)]);
  });

  test.each([
    ['ECDSA', ['-t', 'ecdsa', '-b', '256']],
    ['RSA', ['-t', 'rsa', '-b', '3072']],
  ])('lets in keys of %s as well', async (_name, kind) => {
    const other = await server.newKey(kind);
    await server.letIn([entry({ key: plain(other.line) })]);
    expect((await server.run(other, 'true')).code).toBe(0);
  });

  test('lets in from a whole network that was allowed', async () => {
    await server.letIn([entry({ from: ['127.0.2.0/24', '2001:db8:0:0:0:0:0:0/32'] })]);
    expect((await server.run(key, 'true', { from: '127.0.2.77' })).code).toBe(0);
    expect((await server.run(key, 'true')).code).toBe(255);
  });

  test('refuses the key from another address', async () => {
    await server.letIn([entry()]);
    const { code, err } = await server.run(key, 'true', { from: '127.0.0.9' });
    expect([code, err.includes('Permission denied (publickey)')]).toEqual([255, true]);
  });

  test('lets the panel in at its own address for files alone, by its own key alone, while customers come in from elsewhere', async () => {
    await server.letIn([entry({ from: ['127.0.0.0/8'] })]);
    const { code, out } = await server.list(server.panelKey, panelAddress);
    expect([code, out.match(/backup|www/g)]).toEqual([0, ['backup', 'www']]);
    expect((await server.run(key, 'id -u')).out.trim()).toBe(String(server.userId));
    expect((await server.run(key, 'true', { from: panelAddress })).code).toBe(255);
    expect((await server.run(server.panelKey, 'true')).code).toBe(255);
    expect((await server.list(server.panelKey, '127.0.0.1')).code).toBe(255);
  });

  test('refuses another key', async () => {
    await server.letIn([entry()]);
    const { code, err } = await server.run(await server.newKey(), 'true');
    expect([code, err.includes('Permission denied (publickey)')]).toEqual([255, true]);
  });

  test('refuses the key after its end, also when nobody takes it out of the file', async () => {
    const until = Math.ceil(Date.now() / second) * second + 3 * second;
    await server.letIn([entry({ until })]);
    expect((await server.run(key, 'true')).code).toBe(0);
    while (Date.now() <= until + second) await sleep(100);
    expect((await server.run(key, 'true')).code).toBe(255);
    expect(await readdir(server.keys)).toEqual([server.user]);
  });

  test('refuses passwords whatever they are, and says so: only a key is asked for', async () => {
    await server.letIn([entry()]);
    const ways = ['-o', 'PreferredAuthentications=password,keyboard-interactive', '-o', 'NumberOfPasswordPrompts=1'];
    const { code, err } = await server.run(key, 'true', { options: [...ways, '-o', 'PubkeyAuthentication=no'] });
    expect([code, err.includes('Permission denied (publickey).')]).toEqual([255, true]);
  });

  test('forwards no port and no agent, whatever the client asks for', async () => {
    await server.letIn([entry()]);
    const options = ['-A', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'];
    expect((await server.run(key, 'true', { options })).code).toBe(255);
    const agent = await server.run(key, 'echo "agent:$SSH_AUTH_SOCK"', { options: ['-A'] });
    expect(agent.out.trim()).toBe('agent:');
  });

  test('ends the sessions of a key that is taken back, with everything that was begun there', async () => {
    await server.letIn([entry()]);
    const session = server.stay(key, 'nohup sleep 600 >/dev/null 2>&1 & echo begun; sleep 600');
    await once(session.stdout ?? session, 'data');
    const ended = once(session, 'exit');
    await server.letIn([]);
    await ended;
    expect((await server.run(key, 'true')).code).toBe(255);
    await server.letIn([entry()]);
    const { out } = await server.run(key, 'ps -u "$(id -u)" -o stat=,comm=');
    // What has ended may wait to be collected.
    const running = out.split('\n').filter((line) => !line.startsWith('Z'));
    expect([running.some((line) => line.includes('ps')), running.filter((line) => line.includes('sleep'))]).toEqual([true, []]);
  });

  test('lets sessions go on while their key stays, whatever happens to others', async () => {
    const other = await server.newKey();
    const mine = entry();
    await server.letIn([mine]);
    const session = server.stay(key, 'echo begun; sleep 2; echo still here');
    let said = '';
    session.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await once(session.stdout ?? session, 'data');
    await server.letIn([mine, entry({ key: plain(other.line), label: 'another' })]);
    expect((await server.run(other, 'true')).code).toBe(0);
    await once(session, 'close');
    expect(said).toBe('begun\nstill here\n');
  });

  test('takes no key that somebody who came in has added', async () => {
    const mine = entry();
    await server.letIn([mine]);
    const other = await server.newKey();
    const add = `mkdir -p ~/.ssh; echo '${other.line}' >> ~/.ssh/authorized_keys; echo '${other.line}' >> ${server.keys}/${server.user}`;
    const before = await fileOf();
    await server.run(key, add);
    expect((await server.run(other, 'true')).code).toBe(255);
    expect(await fileOf()).toBe(before);
  });
});

describe('the file of keys', () => {
  test('belongs to root, can be written by nobody else, and goes with the last key', async () => {
    await server.letIn([entry()]);
    const { uid, mode } = await stat(join(server.keys, server.user));
    expect([uid, mode & 0o777]).toEqual([0, 0o644]);
    await server.letIn([]);
    expect(await readdir(server.keys)).toEqual([]);
  });

  test('is whole again after a crash left a part of it', async () => {
    await writeFile(join(server.keys, `${server.user}.new`), 'half a li');
    await server.letIn([entry()]);
    expect((await server.run(key, 'true')).code).toBe(0);
    expect(await readdir(server.keys)).toEqual([server.user]);
  });

  test('is empty and the shell is gone while the site is suspended, whatever is ordered', async () => {
    const mine = entry();
    await server.letIn([mine]);
    await server.host.suspend(aSite);
    await server.letIn([mine]);
    expect([(await server.run(key, 'true')).code, await readdir(server.keys)]).toEqual([255, []]);
    expect(execFileSync('getent', ['passwd', server.user], { encoding: 'utf8' })).toMatch(/:\/usr\/sbin\/nologin\n$/);
    await server.host.resume(aSite);
    expect((await server.run(key, 'true')).code).toBe(255);
    await server.letIn([mine]);
    expect((await server.run(key, 'true')).code).toBe(0);
  });

  test('is shut by suspending alone, with the sessions that are open', async () => {
    await server.letIn([entry()]);
    const session = server.stay(key, 'echo begun; sleep 600');
    await once(session.stdout ?? session, 'data');
    const ended = once(session, 'exit');
    await server.host.suspend(aSite);
    await ended;
    expect((await server.run(key, 'true')).code).toBe(255);
    await server.host.resume(aSite);
  });
});

const fileOf = () => readFile(join(server.keys, server.user), 'utf8');

describe('a line of the file', () => {
  const good = () => ({
    key: plain(key.line),
    from: ['203.0.113.0/24'],
    until: Date.UTC(2027, 0, 2, 3, 4, 5, 999),
    label: 'id-1',
  });

  test('says from where, until when, and that there is a terminal and nothing else', async () => {
    await server.letIn([good()]);
    const line = `restrict,pty,from="203.0.113.0/24",expiry-time="20270102030405Z" ${plain(key.line)} id-1\n`;
    expect(await fileOf()).toBe(line);
  });

  test.each<[string, object]>([
    ['without a network', { from: [] }],
    ['with a network that ends the quotes', { from: ['1.2.3.4/32",command="x'] }],
    ['with a pattern', { from: ['*'] }],
    ['with an address without its length', { from: ['1.2.3.4'] }],
    ['with options before the key', { key: `command="x" ssh-ed25519 ${'A'.repeat(68)}` }],
    ['with a second line', { key: `ssh-ed25519 ${'A'.repeat(68)}\nssh-ed25519 ${'A'.repeat(68)}` }],
    ['with a label of several words', { label: 'a b' }],
    ['without an end', { until: null }],
    ['that never ends', { until: Number.MAX_SAFE_INTEGER }],
  ])('%s is never written, and the file stays as it was', async (_name, wrong) => {
    await server.letIn([entry()]);
    const before = await fileOf();
    await expect(server.letIn([{ ...good(), ...wrong }])).rejects.toMatchObject({ status: 503 });
    expect(await fileOf()).toBe(before);
  });
});

test('a server without a place for keys lets nobody in and says so; there is nothing to take back', async () => {
  const unix = await unixSites();
  try {
    const host = commandHost({ run: localRunner(unix.command) });
    await host.open(aSite);
    await expect(host.letIn?.(aSite, [entry()])).rejects.toMatchObject({ status: 503 });
    expect(await host.letIn?.(aSite, [])).toMatchObject({ hostKeys: [] });
  } finally {
    await unix.close();
  }
});
