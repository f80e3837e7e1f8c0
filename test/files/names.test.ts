// The rules for names, one row a technique or an everyday name.
import { describe, expect, test } from 'vitest';
import { usualRules } from '../../src/files/kinds.ts';
import {
  canonicalName,
  canonicalPath,
  clashing,
  isSystemLitter,
  judgeFolders,
  judgeName,
  KnownNames,
} from '../../src/files/names.ts';

const said = (path: string) => {
  const canonical = canonicalPath(path);
  const refused = 'refusal' in canonical ? canonical.refusal : judgeName(canonical.path, usualRules);
  if (!refused) return 'may be';
  const { chars, ext, a, b } = refused.parameters;
  return [refused.code, chars, ext, a && `${a}.${b}`].filter((each) => each !== undefined && each !== '').join(' ');
};

describe('everyday names may be', () => {
  test.each([
    'www/index.html',
    'www/example.com.html',
    'www/tailwind.config.js',
    'www/jquery-3.7.1.min.js',
    'www/가격표(최종)_2026.11.22.xlsx',
    'www/[공지] 3~4월 일정, 안내 & 문의!.pdf',
    'www/1~3.jpg',
    'www/50% 할인+쿠폰#1.png',
    'www/v1.2.3/app.js',
    'www/example.com/index.html',
    'www/사진…/사진.jpg',
    'www/안녕….txt',
    'www/@2x/icon@2x.png',
    'www/IMG_0001.JPG',
    'www/❤️.png',
    'www/style.css.map',
    'www/console.log.txt',
    'www/com.html',
    'www/confirm.html',
    'www/php.jpg',
    'www/naver0123456789abcdef.html',
    'www/Screenshot 2026-11-22 at 3.00.00\u202fPM.png',
    `www/${'가'.repeat(83)}.jpg`,
    'www/archive.tar.gz',
    'www/무엇인가？.jpg',
  ])('%s', (path) => {
    expect(said(path)).toBe('may be');
  });
});

describe('a name with characters that cannot be stored or seen is refused and the characters are named', () => {
  test.each([
    ['www/a\0.jpg', 'name_chars U+0000'],
    ['www/a\n.jpg', 'name_chars U+000A'],
    ['www/a\r\nSet-Cookie:x.png', 'name_chars U+000D U+000A :'],
    ['www/a\u0085.jpg', 'name_chars U+0085'],
    ['www/a\u007f.jpg', 'name_chars U+007F'],
    ['www/x\u202egnp.php', 'name_chars U+202E'],
    ['www/x\u2066y.jpg', 'name_chars U+2066'],
    ['www/x\u200b.jpg', 'name_chars U+200B'],
    ['www/\ufeffx.jpg', 'name_chars U+FEFF'],
    ['www/x\u00ad.jpg', 'name_chars U+00AD'],
    ['www/x\u2028.jpg', 'name_chars U+2028'],
    ['www/\u3164.jpg', 'name_chars U+3164'],
    ['www/\ud800.jpg', 'name_chars U+D800'],
    ['www/a\\b.jpg', 'name_chars \\'],
    ['www/..\\..\\x.jpg', 'name_chars \\'],
    ['www/a／b.jpg', 'name_chars U+FF0F'],
    ['www/x.php::$DATA', 'name_chars :'],
    ['www/x.asp:.jpg', 'name_chars :'],
    ['www/a".jpg', 'name_chars "'],
    ['www/a<b>.jpg', 'name_chars < >'],
    ['www/a|b?c*.jpg', 'name_chars | ? *'],
    ['www/X~1.PHP', 'name_chars ~1'],
    ['www/LONGNA~1.JPG', 'name_chars ~1'],
    ['www/x.php%00.jpg', 'name_chars %00'],
    ['www/x%2ephp.jpg', 'name_chars %2e'],
    ['www/..%2F..%2Fx.jpg', 'name_chars %2F'],
    ['www/%5cx.jpg', 'name_chars %5c'],
    ['www/a%0d%0ax.png', 'name_chars %0d'],
    ['www/x%252ephp.jpg', 'name_chars %25'],
    ['www/%c0%ae.jpg', 'name_chars %c0%'],
    ['www/CON', 'name_chars con'],
    ['www/aux.txt', 'name_chars aux'],
    ['www/NUL .jpg', 'name_chars nul'],
    ['www/com1.jpg', 'name_chars com1'],
    ['www/lpt¹.jpg', 'name_chars lpt1'],
    ['www/-rf.jpg', 'name_chars -'],
    ['www/ a.jpg', 'name_chars U+0020'],
    ['www/x.php.', 'name_chars .'],
    ['www/x.php ', 'name_chars U+0020'],
    ['www/x.jpg\u3000', 'name_chars U+3000'],
    ['www/a\u202e/x.jpg', 'name_chars U+202E'],
    ['www/folder /x.jpg', 'name_chars U+0020'],
  ])('%j: %s', (path, expected) => {
    expect(said(path)).toBe(expected);
  });
});

describe('a path that leads elsewhere is refused', () => {
  test.each(['../x.jpg', 'www/../x.jpg', 'www/./x.jpg', '/etc/x.jpg', 'www//x.jpg', 'C:/x.jpg', '', 'www/..', '.'])(
    '%j',
    (path) => {
      expect(said(path)).toBe('path_outside');
    },
  );
});

describe('a kind that may not be is refused by its last part, by its whole name or by its folder', () => {
  test.each([
    ['www/x.php', 'type_not_allowed php'],
    ['www/x.PhP', 'type_not_allowed php'],
    ['www/a.jpg.php', 'type_not_allowed php'],
    ['www/x.phtml', 'type_not_allowed phtml'],
    ['www/x.exe', 'type_not_allowed exe'],
    ['www/setup.jpg.exe', 'type_not_allowed exe'],
    ['www/x.jspx', 'type_not_allowed jspx'],
    ['www/x.shtml', 'type_not_allowed shtml'],
    ['www/README', 'type_not_allowed'],
    ['www/x．php', 'type_not_allowed php'],
    ['www/x。php', 'type_not_allowed php'],
    ['www/x.ｐｈｐ', 'type_not_allowed ｐｈｐ'],
    ['www/x.php%20', 'type_not_allowed php%20'],
    ['www/.htaccess', 'type_not_allowed .htaccess'],
    ['www/.HTACCESS', 'type_not_allowed .HTACCESS'],
    ['www/.user.ini', 'type_not_allowed .user.ini'],
    ['www/.env', 'type_not_allowed .env'],
    ['www/.jpg', 'type_not_allowed .jpg'],
    ['www/．htaccess', 'type_not_allowed ．htaccess'],
    ['www/web.config', 'type_not_allowed web.config'],
    ['www/Web.Config', 'type_not_allowed Web.Config'],
    ['www/php.ini', 'type_not_allowed php.ini'],
    ['www/httpd.conf', 'type_not_allowed httpd.conf'],
    ['www/package.json', 'type_not_allowed package.json'],
    ['www/pac\u212aage.json', 'type_not_allowed pacKage.json'],
    ['www/x.php/a.jpg', 'type_not_allowed php'],
    ['www/x.phar/a/b.jpg', 'type_not_allowed phar'],
    ['www/.git/a.jpg', 'type_not_allowed .git'],
    ['www/book.docm', 'type_not_allowed docm'],
    ['www/x.7z', 'type_not_allowed 7z'],
  ])('%s: %s', (path, expected) => {
    expect(said(path)).toBe(expected);
  });
});

describe('a part that servers run is refused in the middle of a name too', () => {
  test.each([
    ['www/a.php.jpg', 'double_ext php.jpg'],
    ['www/a.PHP.jpg', 'double_ext php.jpg'],
    ['www/a.php5.jpg', 'double_ext php5.jpg'],
    ['www/a.pht.png', 'double_ext pht.png'],
    ['www/a.phtml.png', 'double_ext phtml.png'],
    ['www/a.phps.txt', 'double_ext phps.txt'],
    ['www/a.phar.zip', 'double_ext phar.zip'],
    ['www/a.cgi.txt', 'double_ext cgi.txt'],
    ['www/a.fcgi.txt', 'double_ext fcgi.txt'],
    ['www/a.pl.html', 'double_ext pl.html'],
    ['www/a.py.js', 'double_ext py.js'],
    ['www/a.asp.jpg', 'double_ext asp.jpg'],
    ['www/a.asp;.jpg', 'double_ext asp;.jpg'],
    ['www/a.aspx.jpg', 'double_ext aspx.jpg'],
    ['www/a.ashx.jpg', 'double_ext ashx.jpg'],
    ['www/a.asmx.jpg', 'double_ext asmx.jpg'],
    ['www/a.jsp.jpg', 'double_ext jsp.jpg'],
    ['www/a.jspx.jpg', 'double_ext jspx.jpg'],
    ['www/a.shtml.html', 'double_ext shtml.html'],
    ['www/a.ＰＨＰ.jpg', 'double_ext php.jpg'],
    ['www/a．php．jpg', 'double_ext php.jpg'],
    ['www/a.php。jpg', 'double_ext php.jpg'],
    ['www/a.php .jpg', 'double_ext php .jpg'],
    ['www/a.php.d/x.jpg', 'double_ext php.d'],
    ['www/a.php.gz', 'double_ext php.gz'],
  ])('%s: %s', (path, expected) => {
    expect(said(path)).toBe(expected);
  });
});

describe('lengths', () => {
  test('a name of 255 bytes may be, one of 256 not, and the bytes are told', () => {
    expect(said(`${'a'.repeat(251)}.jpg`)).toBe('may be');
    expect(canonicalName(`${'a'.repeat(252)}.jpg`)).toMatchObject({
      refusal: { code: 'name_long', parameters: { n: 256, limit: 255 } },
    });
    expect(canonicalName('가'.repeat(300))).toMatchObject({ refusal: { code: 'name_long', parameters: { n: 900 } } });
  });

  test('decomposed Hangul from a Mac is measured after it was put together', () => {
    const name = `${'한글'.repeat(40)}.jpg`;
    expect(canonicalName(name.normalize('NFD'))).toEqual({ name });
  });

  test('a path of hundreds of folders is refused', () => {
    expect(said(`${'a/'.repeat(500)}x.jpg`)).toBe('name_long');
    expect(said(`${'a'.repeat(200_000)}/x.jpg`)).toBe('name_long');
  });
});

test('a name is decoded once at most: what stands there is what is stored', () => {
  expect(canonicalName('100%.jpg')).toEqual({ name: '100%.jpg' });
  expect(canonicalName('%41.jpg')).toEqual({ name: '%41.jpg' });
  expect(canonicalName('&amp;.jpg')).toEqual({ name: '&amp;.jpg' });
});

test('a refused name is told in a form that is safe to show, with a name that would pass', () => {
  const refused = canonicalName('x\u202egnp"<b>.jpg');
  expect(refused).toMatchObject({
    refusal: { parameters: { name: 'xU+202Egnp"<b>.jpg', chars: 'U+202E " < >', safe: 'x_gnp__b_.jpg' } },
  });
  for (const raw of ['-rf.jpg', ' a.jpg ', 'aux.txt', 'X~1.JPG', 'a%00b.jpg', '..a.', 'a/b.jpg']) {
    const canonical = canonicalName(raw);
    const safe = 'refusal' in canonical ? String(canonical.refusal.parameters.safe) : '';
    expect(canonicalName(safe)).toEqual({ name: safe });
  }
});

test('no rule that an operator writes lets a program in', () => {
  const generous = { ...usualRules, allowedExtensions: [...usualRules.allowedExtensions, 'php', 'exe', 'sh', 'psd', ''] };
  for (const name of ['x.php', 'x.exe', 'x.sh', 'README']) expect(judgeName([name], generous)?.code).toBe('type_not_allowed');
  expect(judgeName(['x.psd'], generous)).toBeUndefined();
});

test('folders meet the rules of names, but need no kind', () => {
  expect(judgeFolders(['www', 'img', '사진 2026.11'], usualRules)).toBeUndefined();
  expect(judgeFolders(['www', 'x.php'], usualRules)?.code).toBe('type_not_allowed');
  expect(judgeFolders(['www', 'a.php.d'], usualRules)?.code).toBe('double_ext');
  expect(judgeFolders(['www', '.well-known'], usualRules)?.code).toBe('type_not_allowed');
  expect(judgeFolders(['www', 'con'], usualRules)?.code).toBe('name_chars');
});

describe('two names that a visitor could take for one another clash', () => {
  test.each([
    ['Index.html', 'index.html'],
    ['사진.jpg', '사진.jpg'.normalize('NFD')],
    ['STRASSE.txt', 'straße.txt'],
    ['ΣΑΣ.txt', 'σας.txt'],
    ['❤️.png', '❤.png'],
  ])('%s and %s', (name, other) => {
    expect(new KnownNames(['a.txt', other]).clash(name)).toBe(other);
  });

  test.each([
    ['Index.html', 'index.html', 'case'],
    ['STRASSE.txt', 'straße.txt', 'case'],
    ['사진.jpg', '사진.jpg'.normalize('NFD'), 'spelling'],
    ['É.txt', 'é.txt'.normalize('NFD'), 'spelling'],
    ['❤️.png', '❤.png', 'spelling'],
  ])('%s may stand beside %s where only case tells them apart', (name, other, by) => {
    expect(new KnownNames([other]).clash(name, true)).toBe(by === 'case' ? undefined : other);
    expect(clashing(['www', name], name, other)).toMatchObject({ code: 'name_case_clash', parameters: { other, by } });
  });

  test('one that differs in more than case is found behind one that does not', () => {
    const decomposed = 'É.txt'.normalize('NFD');
    expect(new KnownNames(['é.txt', decomposed]).clash('É.txt', true)).toBe(decomposed);
  });

  test('an equal name is no clash, and neither is another one', () => {
    expect(new KnownNames(['index.html', 'indes.html']).clash('index.html')).toBeUndefined();
  });
});

test('what systems strew into archives is known, and nothing can hide behind it', () => {
  const litter = (path: string) => isSystemLitter(path.split('/'), usualRules);
  for (const path of [
    '.DS_Store',
    'img/.DS_Store',
    'img/Thumbs.db',
    '__MACOSX/._사진.jpg',
    '__MACOSX/img/._.DS_Store',
    '__MACOSX/._img',
  ])
    expect(litter(path), path).toBe(true);
  for (const path of [
    '__MACOSX/x.php',
    '__MACOSX/._x.php',
    '__MACOSX/.htaccess',
    '._x.jpg',
    'x.php/.DS_Store',
    '__MACOSX/._.htaccess',
  ])
    expect(litter(path), path).toBe(false);
});
