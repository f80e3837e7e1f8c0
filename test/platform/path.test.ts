// What untrusted text may become as a path inside a site.
import { describe, expect, test } from 'vitest';
import { parsePath } from '../../src/platform/storage/path.ts';

describe('a path inside a site', () => {
  test.each([
    ['www/img/사진.jpg', ['www', 'img', '사진.jpg']],
    ['www/', ['www']],
    ['/www//img///a.png/', ['www', 'img', 'a.png']],
    ['', []],
    ['/', []],
    ['www/...', ['www', '...']],
    ['www/.htaccess', ['www', '.htaccess']],
    ['www/두 낱말 (2).txt', ['www', '두 낱말 (2).txt']],
    ['www/👨‍👩‍👧.png', ['www', '👨‍👩‍👧.png']],
    ['www/%2e%2e', ['www', '%2e%2e']],
  ])('%j is understood', (text, segments) => {
    expect(parsePath(text)).toEqual(segments);
  });

  test('decomposed Hangul of a Mac becomes the composed name', () => {
    const composed = 'www/한글 이름.txt';
    expect(composed.normalize('NFD')).not.toBe(composed);
    expect(parsePath(composed.normalize('NFD'))).toEqual(['www', '한글 이름.txt']);
  });

  test.each([
    ['dots that lead out', '../etc/passwd'],
    ['dots in the middle', 'www/../backup'],
    ['dots at the end', 'www/..'],
    ['a single dot', 'www/./a'],
    ['a backslash', 'www\\..\\a'],
    ['NUL', 'www/a\0.jpg'],
    ['a line feed', 'www/a\nb'],
    ['DEL', 'www/a\x7f'],
    ['a C1 control character', 'www/a\x85b'],
    ['half a surrogate pair', 'www/\ud83d'],
    ['a segment of 256 bytes', `www/${'a'.repeat(256)}`],
    ['86 Hangul, 258 bytes', `www/${'가'.repeat(86)}`],
    ['41 segments', Array(41).fill('a').join('/')],
    ['4,001 bytes in all', `${`${'a'.repeat(249)}/`.repeat(16)}b`],
    ['a megabyte', 'a/'.repeat(500_000)],
  ])('%s is refused', (_what, text) => {
    expect(parsePath(text)).toBeUndefined();
  });

  test.each([
    ['a segment of 255 bytes', 'a'.repeat(255)],
    ['85 Hangul, decomposed', '가'.repeat(85).normalize('NFD')],
    ['40 segments', Array(40).fill('a').join('/')],
    ['4,000 bytes in all', `${`${'a'.repeat(249)}/`.repeat(15)}${'b'.repeat(250)}`],
  ])('%s still fits', (_what, text) => {
    expect(parsePath(text)).toBeDefined();
  });
});
