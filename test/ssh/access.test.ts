// Who comes in: the file we write, read by a real sshd with the configuration we ship, tried with OpenSSH's own client.
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hour, minute, second } from '../../src/platform/clock.ts';
import { endProcessesOf, writeKeyFile } from '../../src/platform/site-host/key-files.ts';
import { type Entry, keyLines } from '../../src/platform/site-host/key-lines.ts';
import { type Key, type SshServer, startSshServer } from './server.ts';

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
    await server.run(key, add);
    expect((await server.run(other, 'true')).code).toBe(255);
    expect(await readFile(join(server.keys, server.user), 'utf8')).toBe(keyLines([mine]));
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

  test.each(['../root', 'a/b', '', 'Root', '-x', 'a'.repeat(33)])('is never written for a user called "%s"', async (name) => {
    await expect(writeKeyFile(server.keys, name, '')).rejects.toThrow(RangeError);
  });

  test('no process of the system is ever ended', async () => {
    await expect(endProcessesOf(0)).rejects.toThrow(RangeError);
    await expect(endProcessesOf(999)).rejects.toThrow(RangeError);
  });
});

describe('a line of the file', () => {
  const key1 = `ssh-ed25519 ${'A'.repeat(68)}`;
  const good = { key: key1, from: ['203.0.113.0/24'], until: Date.UTC(2027, 0, 2, 3, 4, 5, 999), label: 'id-1' };

  test('says from where, until when, and that there is a terminal and nothing else', () => {
    expect(keyLines([good])).toBe(`restrict,pty,from="203.0.113.0/24",expiry-time="20270102030405Z" ${key1} id-1\n`);
    expect(keyLines([])).toBe('');
  });

  test.each([
    ['without a network', { from: [] }],
    ['with a network that ends the quotes', { from: ['1.2.3.4/32",command="x'] }],
    ['with a pattern', { from: ['*'] }],
    ['with an address without its length', { from: ['1.2.3.4'] }],
    ['with options before the key', { key: `command="x" ${key1}` }],
    ['with a second line', { key: `${key1}\n${key1}` }],
    ['with a label of several words', { label: 'a b' }],
    ['without an end', { until: Number.NaN }],
    ['that never ends', { until: Number.POSITIVE_INFINITY }],
  ])('%s is never written', (_name, wrong) => {
    expect(() => keyLines([{ ...good, ...wrong }])).toThrow(RangeError);
  });

  test('no minute is given away', () => expect(keyLines([{ ...good, until: good.until - minute }])).toContain('20270102030305Z'));
});
