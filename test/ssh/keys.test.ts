// What somebody pastes as their public key: keys made by OpenSSH itself, and everything that is not one.
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalNetwork } from '../../src/platform/web/networks.ts';
import { publicKeyIn, withoutPrivateKey } from '../../src/ssh/keys.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-keys-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function made(...kind: string[]) {
  count += 1;
  const file = join(folder, `key${count}`);
  execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'kim@office', '-f', file, ...kind]);
  const fingerprint = execFileSync('ssh-keygen', ['-lf', `${file}.pub`], { encoding: 'utf8' }).split(' ')[1];
  return { file, line: await readFile(`${file}.pub`, 'utf8'), private: await readFile(file, 'utf8'), fingerprint };
}
const whyNot = async (text: string) => {
  const found = await publicKeyIn(text);
  return 'fault' in found ? found.fault.key.replace('ssh.fault.key.', '') : undefined;
};
const text = (part: string | Buffer) => {
  const bytes = Buffer.from(part);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const lineOf = (kind: string, ...parts: (string | Buffer)[]) =>
  `${kind} ${Buffer.concat([kind, ...parts].map(text)).toString('base64')}`;

describe('a public key', () => {
  test.each([
    ['Ed25519', ['-t', 'ed25519']],
    ['ECDSA with 256 bits', ['-t', 'ecdsa', '-b', '256']],
    ['ECDSA with 384 bits', ['-t', 'ecdsa', '-b', '384']],
    ['ECDSA with 521 bits', ['-t', 'ecdsa', '-b', '521']],
    ['RSA with 3072 bits', ['-t', 'rsa', '-b', '3072']],
    ['RSA with 4096 bits', ['-t', 'rsa', '-b', '4096']],
  ])('of %s is taken, with the fingerprint that OpenSSH tells, and without its comment', async (_name, kind) => {
    const { line, fingerprint } = await made(...kind);
    const found = await publicKeyIn(` \n${line}\r\n`);
    if ('fault' in found) throw new Error(found.fault.key);
    expect(found.key.fingerprint).toBe(fingerprint);
    expect(found.key.line).toBe(line.split(' ').slice(0, 2).join(' '));
  });

  test('of RSA with 2048 bits is refused, with its length', async () => {
    const found = await publicKeyIn((await made('-t', 'rsa', '-b', '2048')).line);
    expect(found).toEqual({ fault: { key: 'ssh.fault.key.short', parameters: { bits: 2048, fewest: 3072 } } });
  });

  test('with options or a command before it is refused', async () => {
    const { line } = await made('-t', 'ed25519');
    for (const options of ['command="/bin/sh"', 'from="0.0.0.0/0"', 'no-pty,permitopen="a:1"', 'cert-authority', 'restrict'])
      expect(await whyNot(`${options} ${line}`)).toBe('options');
  });

  test('is one: two lines, or two in one line, are refused', async () => {
    const [one, two] = [(await made('-t', 'ed25519')).line, (await made('-t', 'ed25519')).line];
    expect(await whyNot(one + two)).toBe('lines');
    expect(await whyNot(`${one.trim()}\r${two}`)).toBe('lines');
    const both = await publicKeyIn(`${one.trim()} ${two.trim()}`);
    // What follows is a comment, and is not kept.
    expect('key' in both && both.key.line).toBe(one.split(' ').slice(0, 2).join(' '));
  });

  test.each([
    ['', 'missing'],
    ['   \n ', 'missing'],
    ['ssh-dss AAAAB3NzaC1kc3MAAACBAP', 'kind'],
    ['sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA', 'kind'],
    ['ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t', 'kind'],
    ['ssh-ed25519', 'unreadable'],
    ['ssh-ed25519 ????', 'unreadable'],
    ['ssh-ed25519 AAAA', 'unreadable'],
    ['hello', 'unreadable'],
    ['__proto__ AAAA', 'unreadable'],
    ['constructor AAAA', 'unreadable'],
    [`ssh-ed25519 ${'A'.repeat(20_000)}`, 'unreadable'],
  ])('"%.40s" is refused: %s', async (typed, reason) => expect(await whyNot(typed)).toBe(reason));

  test('with bytes behind it, of another kind than it says, or cut off is refused', async () => {
    const { line } = await made('-t', 'ed25519');
    const blob = Buffer.from(line.split(' ')[1] ?? '', 'base64');
    for (const wrong of [Buffer.concat([blob, Buffer.from([0])]), blob.subarray(0, -1), Buffer.alloc(0)])
      expect(await whyNot(`ssh-ed25519 ${wrong.toString('base64')}`)).toBe('unreadable');
    expect(await whyNot(`ssh-rsa ${blob.toString('base64')}`)).toBe('unreadable');
    expect(await whyNot(lineOf('ssh-ed25519', Buffer.alloc(31, 1)))).toBe('unreadable');
    expect(await whyNot(lineOf('ssh-ed25519', Buffer.alloc(32, 1), 'more'))).toBe('unreadable');
  });

  test('that cannot be one is refused: a point off its curve, an exponent that encrypts nothing', async () => {
    const point = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]);
    expect(await whyNot(lineOf('ecdsa-sha2-nistp256', 'nistp256', point))).toBe('unreadable');
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
    const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')]);
    expect(await whyNot(lineOf('ssh-rsa', Buffer.from([1, 0, 1]), modulus))).toBeUndefined();
    expect(await whyNot(lineOf('ssh-rsa', Buffer.from([1]), modulus))).toBe('unreadable');
    expect(await whyNot(lineOf('ssh-rsa', Buffer.from([3]), modulus))).toBe('unreadable');
  });
});

describe('a private key', () => {
  test('is known by what it is, in the forms of OpenSSH, PEM and PuTTY, and nothing of it is kept', async () => {
    const openssh = (await made('-t', 'ed25519')).private;
    const pem = (await made('-t', 'rsa', '-b', '3072', '-m', 'PEM')).private;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pkcs8 = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const putty = 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nAAAAIAabc\nPrivate-MAC: 12';
    for (const one of [openssh, pem, pkcs8, putty, `note: ${openssh}`, openssh.replaceAll('\n', ' ')]) {
      expect(await whyNot(one)).toBe('private');
      const kept = withoutPrivateKey(one);
      const secret = one
        .split(/\s+/)
        .filter((word) => word.length > 8 && !/KEY|BEGIN|END|PuTTY|Private|ssh-|Encryption/.test(word));
      for (const word of secret) expect(kept).not.toContain(word);
      expect(await whyNot(kept)).toBe('private');
    }
  });

  test('is not seen in a public one', async () => {
    const { line } = await made('-t', 'ed25519');
    expect(withoutPrivateKey(line)).toBe(line);
  });
});

test('a fingerprint is the digest of the key alone', async () => {
  const { line } = await made('-t', 'ed25519');
  const digest = createHash('sha256')
    .update(Buffer.from(line.split(' ')[1] ?? '', 'base64'))
    .digest('base64');
  const found = await publicKeyIn(line);
  expect('key' in found && found.key.fingerprint).toBe(`SHA256:${digest.replace(/=+$/, '')}`);
});

test.each([
  ['203.0.113.7', '203.0.113.7/32'],
  ['203.0.113.7/24', '203.0.113.0/24'],
  ['10.255.3.4/9', '10.128.0.0/9'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8::FF', '2001:db8:0:0:0:0:0:ff/128'],
  ['2001:db8:ffff::/33', '2001:db8:8000:0:0:0:0:0/33'],
  ['::ffff:203.0.113.7', '203.0.113.7/32'],
  ['::ffff:203.0.113.7/120', '203.0.113.0/24'],
  ['::/0', '0:0:0:0:0:0:0:0/0'],
])('the network %s is the same as %s', (typed, same) => expect(canonicalNetwork(typed).network).toBe(same));
