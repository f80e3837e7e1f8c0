// Lists of passwords that are known: the package's list of common ones, and lists of breaches that the operator imports.
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dictionary } from '@zxcvbn-ts/language-common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BreachedPasswords } from '../../src/accounts/breached.ts';
import { guessReason } from '../../src/accounts/guessing.ts';
import { knownWordFaults, koreanParts, readKnownWords } from '../../src/accounts/known-words.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { passwordRules } from './rules.ts';

const leaked = dictionary['passwords-common'];
const wellFormed = (password: string) => password.length >= 8 && /\p{L}/u.test(password) && /\d/.test(password);

describe('leaked passwords', () => {
  test('every one of the list is refused', async () => {
    const rules = passwordRules();
    const taken = [];
    for (const password of leaked.filter(wellFormed))
      if ((await rules.judge(password, { words: [] })).length === 0) taken.push(password);
    expect(taken).toEqual([]);
  });

  test('of those that a rule has never seen, 97 % are refused too', async () => {
    const known = await readKnownWords(packageFolder('lists/korean-words.tsv'));
    const heldOut = leaked.filter((_, index) => index % 10 === 9);
    const seen = { ...known, leaked: new Set(leaked.filter((_, index) => index % 10 !== 9)) };
    const asked = heldOut.filter(wellFormed);
    const taken: string[] = [];
    for (const password of asked) {
      const likely = { own: [], korean: koreanParts(password, seen) };
      if (knownWordFaults(password, seen).length === 0 && !(await guessReason(password, likely))) taken.push(password);
    }
    console.log(`${asked.length - taken.length} of ${asked.length} held-out leaked passwords refused`);
    expect(asked.length).toBeGreaterThan(500);
    expect(taken.length / asked.length).toBeLessThanOrEqual(0.03);
  });
});

describe('an imported list of breached passwords', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gotgan-breached-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();
  const listOf = async (passwords: readonly string[], line = (digest: string) => digest) => {
    await writeFile(join(folder, 'list.txt'), `${passwords.map(sha1).sort().map(line).join('\r\n')}\r\n`);
    return join(folder, 'list.txt');
  };

  test('refuses what is on it and nothing else, first and last included', async () => {
    const passwords = Array.from({ length: 10_001 }, (_, index) => `Quiet-river-${index}`);
    const list = new BreachedPasswords(join(folder, 'breached'));
    expect(await list.import(await listOf(passwords, (digest) => `${digest}:17`))).toBe(10_001);
    for (const password of passwords) expect(await list.has(password)).toBe(true);
    for (const password of ['Quiet-river-10001', '', 'quiet-river-1']) expect(await list.has(password)).toBe(false);
    const rules = passwordRules(join(folder, 'breached'));
    expect(await rules.judge('Quiet-river-77', { words: [] })).toEqual([{ key: 'password.breached' }]);
    expect(await rules.judge('Quiet-rivers-77', { words: [] })).toEqual([]);
  });

  test.each([
    ['is not sorted', ['B'.repeat(40), 'A'.repeat(40)], 'line 2 is not in order'],
    ['names one twice', ['A'.repeat(40), 'A'.repeat(40)], 'line 2 is not in order'],
    ['holds something else', ['A'.repeat(40), 'password'], 'line 2 is no SHA-1 digest'],
    ['holds other digests', ['A'.repeat(64)], 'line 1 is no SHA-1 digest'],
    ['is empty', [''], 'the list is empty'],
  ])('that %s is refused, and the one before stays', async (_, lines, message) => {
    const list = new BreachedPasswords(join(folder, 'breached'));
    await list.import(await listOf(['one']));
    await writeFile(join(folder, 'bad.txt'), lines.join('\n'));
    await expect(list.import(join(folder, 'bad.txt'))).rejects.toThrow(message);
    await expect(list.import(join(folder, 'missing.txt'))).rejects.toThrow('ENOENT');
    expect(await list.has('one')).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['bad.txt', 'breached', 'list.txt']);
  });

  test('that is there and cannot be read lets no password pass', async () => {
    await writeFile(join(folder, 'file'), '');
    await chmod(join(folder, 'file'), 0o600);
    // below a file is no folder: neither there nor readable
    await expect(passwordRules(join(folder, 'file', 'breached')).judge('Quiet-rivers-77', { words: [] })).rejects.toThrow(
      'ENOTDIR',
    );
  });
});
