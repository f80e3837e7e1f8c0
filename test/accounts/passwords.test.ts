// Which passwords are taken and what is said against the others (architecture §13.4 and §13.14, security.md B.3).
import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { pieces } from '../../src/accounts/guessing.ts';
import { canonicalPassword, operatorPolicy, ownWords, type PasswordPolicy } from '../../src/accounts/passwords.ts';
import { passwordRules } from './rules.ts';

const words = ownWords({
  address: 'minsu.kim@haneul-shop.co.kr',
  name: '김민수',
  phone: '010-7394-2618',
  more: ['곳간 호스팅', 'Gotgan'],
});
const rules = passwordRules();
const keys = async (password: string, policy?: PasswordPolicy) =>
  (await rules.judge(password, { words }, policy)).map(({ key }) => key.replace('password.', ''));

const from = (signs: string, length: number) => Array.from({ length }, () => signs[randomInt(signs.length)]).join('');
const base62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

describe('a password is taken', () => {
  test.each([
    ['eight characters with a letter and a digit', 'tz4kqm8w'],
    ['several words with spaces and a digit', 'correct horse 7 battery staple'],
    ['Hangul and digits of another script', '구름위의산책٣번째나들이'],
    ['64 characters', `${'Vq8#'.repeat(3)}${from(base62, 50)}a1`],
    ['128 characters', `${from(base62, 126)}a1`],
    ['a NUL inside', 'tz4kq\u0000m8w-rain'],
  ])('%s', async (_, password) => {
    expect(await keys(password)).toEqual([]);
  });

  test('128 signs that count twice in memory', async () => {
    expect(await keys(`${[...'🦊🌊🍇🚲🪁🎻🧭🥁'.repeat(16)].slice(0, 126).join('')}a1`)).not.toContain('tooLong');
  });

  test('what a password manager makes: at most one in a hundred is refused', async () => {
    const made = Array.from({ length: 200 }, () => `${from(base62, randomInt(10, 22))}a7`);
    const refused = [];
    for (const password of made) if ((await keys(password)).length > 0) refused.push(password);
    expect(refused.length).toBeLessThanOrEqual(2);
  });
});

describe('a password is refused, with every reason at once', () => {
  test.each([
    ['seven characters', 'tz4kqm8', ['tooShort']],
    ['no digit', 'abcdefgh', ['needsDigit', 'pattern']],
    ['no letter', '12345678', ['common', 'needsLetter']],
    ['nothing at all', '', ['needsDigit', 'needsLetter', 'tooShort']],
    ['short, without a digit and known to everybody', 'qwerty', ['common', 'needsDigit', 'tooShort']],
    ['the most common ones', 'password1', ['common']],
    ['a row of keys and a row of digits', 'qwer1234', ['common']],
    ['a row of keys with a sign behind', 'asdf1234!', ['common']],
    ['two hands along the keyboard', '1q2w3e4r', ['common']],
    ['the same sign again and again', 'aaaaaaaaaaa1', ['pattern']],
    ['one pattern for 100 characters', `${'abc123'.repeat(17)}`, ['pattern']],
    ['the name in the address', 'minsu.kim2026', ['context']],
    ['the domain and a sign', 'Haneul-Shop1!', ['context']],
    ['the phone number', 'k01073942618', ['context']],
    ['its last digits twice', 'a26182618', ['context']],
    ['the service', 'gotgan2026!', ['context']],
    ['the own name in Hangul', '김민수김민수12', ['context']],
    ['a name and the service', 'kim gotgan 1', ['context']],
    ['129 characters', `${from(base62, 127)}a1`, ['tooLong']],
    ['129 characters of one kind', 'x'.repeat(129), ['needsDigit', 'tooLong']],
  ])('%s', async (_, password, reasons) => {
    expect((await keys(password)).sort()).toEqual(reasons);
  });

  test('the sentences can say how long it is and how long it must be', async () => {
    expect(await rules.judge('가나1', { words: [] })).toContainEqual({
      key: 'password.tooShort',
      parameters: { minimum: 8, length: 3 },
    });
    expect(await rules.judge(`a1${'x'.repeat(127)}`, { words: [] })).toEqual([
      { key: 'password.tooLong', parameters: { maximum: 128 } },
    ]);
  });

  test('what is somebody else’s word is no reason', async () => {
    expect(await keys('haneul-shop-dlwnd48')).toEqual([]);
    expect((await rules.judge('minsukim88tree', { words: [] })).map(({ key }) => key)).not.toContain('password.context');
  });

  test('an operator’s policy asks for more', async () => {
    expect((await keys('tz4kqm8w', operatorPolicy)).sort()).toEqual(['needsClasses', 'tooShort']);
    expect(await keys('tZ4kqm8w-rain', operatorPolicy)).toEqual([]);
  });
});

describe('the same password', () => {
  test('typed on a Mac and on a phone is one password, long or short', () => {
    const typed = '비밀의정원3번지';
    expect(canonicalPassword(typed.normalize('NFD'))).toBe(canonicalPassword(typed));
  });

  test('is not trimmed, not folded and not made compatible', () => {
    for (const kept of [' a1 ', 'aA1', 'ﬁ①Ａ', 'a\u0000b', '\u200b']) expect(canonicalPassword(kept)).toBe(kept);
  });

  test('is counted in signs, however it was composed', async () => {
    expect(await keys('가각간갈감갑강12'.normalize('NFD').slice(0, -2))).toContain('tooShort');
    expect(await keys(`${'뷁'.repeat(126)}a1`.normalize('NFD'))).not.toContain('tooLong');
  });
});

describe('nobody waits for somebody’s password', () => {
  test.each([
    ['digits', '7'.repeat(1_000_000)],
    ['composing marks', `a1${'\u0301\u0316'.repeat(500_000)}`],
    ['Hangul in parts', '각'.normalize('NFD').repeat(350_000)],
    ['surrogate pairs', '🦊'.repeat(500_000)],
  ])('a megabyte of %s is refused within 50 ms', { retry: 3 }, async (_, password) => {
    await rules.judge('a', { words });
    const started = performance.now();
    expect(await keys(password)).toContain('tooLong');
    expect(performance.now() - started).toBeLessThan(50);
  });

  test('128 signs that all stand for letters are judged in small pieces', { retry: 3 }, async () => {
    await rules.judge('a', { words });
    const password = from('4@8({[<369|1!7$5+0%2', 128);
    expect(pieces(password).join('')).toBe(password);
    const started = process.threadCpuUsage();
    await keys(password);
    const { user, system } = process.threadCpuUsage(started);
    // As a whole it takes 25 s.
    expect((user + system) / 1000).toBeLessThan(500);
  });

  test('a piece is never longer than 40 signs and never cuts a sign in two', () => {
    const cut = pieces('🦊'.repeat(128));
    expect(cut.map((piece) => [...piece].length)).toEqual([40, 40, 40, 8]);
    expect(cut.every((piece) => piece.isWellFormed())).toBe(true);
  });
});
