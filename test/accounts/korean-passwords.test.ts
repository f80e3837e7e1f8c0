// Korean words as passwords, in every way that people write them, and what must not be refused for looking like one (korea.md 4.4).
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hangulOfKeys, typedOnKeyboard } from '../../src/accounts/hangul.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { passwordRules } from './rules.ts';

const rules = passwordRules();
const refused = async (password: string) => (await rules.judge(password, { words: [] })).length > 0;
const reasons = async (password: string, words: string[] = []) =>
  (await rules.judge(password, { words })).map(({ key }) => key.replace('password.', ''));

const lines = readFileSync(packageFolder('lists/korean-words.tsv'), 'utf8').split('\n').slice(1).filter(Boolean);
const words = lines.map((line) => line.split('\t')).map(([hangul = '', latin = '']) => ({ hangul, latin: latin.split(',') }));
const additions = ['1', '12', '123', '!', '1!', '123!', '1234!', '2026', '@1', '1004'];

describe('a Korean word', () => {
  test('of the list is refused with every addition, typed, with a capital, in Latin letters and in Hangul', async () => {
    const taken: string[] = [];
    let tried = 0;
    for (const { hangul, latin } of words) {
      const typed = typedOnKeyboard(hangul);
      const capital = typed.slice(0, 1).toUpperCase() + typed.slice(1);
      for (const spelling of [typed, typed.toLowerCase(), capital, ...latin, hangul, hangul.normalize('NFD')])
        for (const addition of additions) {
          tried += 1;
          if (!(await refused(spelling + addition))) taken.push(spelling + addition);
        }
    }
    expect(tried).toBeGreaterThan(18_000);
    expect(taken).toEqual([]);
  });

  // Two to four syllables, none of them on the list.
  test.each([
    '두루미',
    '미역국',
    '책꽂이',
    '젓가락',
    '돌담길',
    '보름달',
    '물안개',
    '솜사탕',
    '참새구이',
    '달팽이집',
    '나들이',
    '도토리묵',
  ])('%s, on no list, is refused all the same', async (word) => {
    expect(words.map(({ hangul }) => hangul)).not.toContain(word);
    for (const addition of additions) expect(await refused(typedOnKeyboard(word) + addition), addition).toBe(true);
    expect(await refused(`${word}1234!`)).toBe(true);
  });

  test('typed on a Latin keyboard is called so', async () => {
    expect(await reasons('dkssudgktpdy1')).toEqual(['korean']);
    expect(await reasons('Ehflahrdl2026!')).toEqual(['korean']);
    expect(await reasons('비밀번호1234')).toEqual(['common']);
    expect(await reasons('saranghae1004')).toEqual(['common']);
  });

  test('of the person’s own, typed, is one of the own words', async () => {
    const { ownWords } = await import('../../src/accounts/passwords.ts');
    expect(await reasons('rladuswjd2026', ownWords({ name: '김연정' }))).toEqual(['context']);
  });

  test('beside enough of something else is taken', async () => {
    expect(await refused('tkfkdgo-harbor48-Kite')).toBe(false);
    expect(await refused('바다건너온편지7통')).toBe(false);
  });
});

describe('what is no Korean word', () => {
  const from = (signs: string, length: number) => Array.from({ length }, () => signs[randomInt(signs.length)]).join('');
  const base62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

  test('of 2,000 generated passwords of 12 to 20 letters and digits at most 1.0 % are refused', {
    timeout: 120_000,
  }, async () => {
    let count = 0;
    for (let made = 0; made < 2000; ) {
      const password = from(base62, randomInt(12, 21));
      if (!/[A-Za-z]/.test(password) || !/\d/.test(password)) continue;
      made += 1;
      if (await refused(password)) count += 1;
    }
    console.log(`${count} of 2,000 generated passwords refused`);
    expect(count).toBeLessThanOrEqual(20);
  });

  test('ordinary English does not stop the decoding', () => {
    for (const word of ['hello', 'strength', 'rhythm', 'Café', 'a', 'ㅎㅎ', '1234', 'king’s'])
      expect(hangulOfKeys(word)).toBeUndefined();
  });

  test('keys and syllables are each other’s mirror', () => {
    for (const text of ['안녕하세요', '꿔줬다', '앉았어', '없었다', '닭볶음', '의회', '과외', '뷁'])
      expect(typedOnKeyboard(text)).toMatch(/^[a-zA-Z]+$/);
    expect(typedOnKeyboard('꽃잎')).toBe('Rhcdlv');
    for (const text of ['안녕하세요', '없었다', '앉아라', '의회', '과외', '날개', '각아'])
      expect(hangulOfKeys(typedOnKeyboard(text))).toBe(text.replace('었', '엇'));
  });
});
