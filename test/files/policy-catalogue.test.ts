// The catalogue of ways past an upload check, one line a technique that concerns name or content, by its number there.
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalName, canonicalPath, judgeFile, KnownNames, usualRules } from '../../src/files/policy.ts';
import { inWords, programs, quarantine, tarOf, zipOf } from './made-files.ts';

let place: Awaited<ReturnType<typeof quarantine>>;
let jpeg: Buffer;
let png: Buffer;
beforeAll(async () => {
  place = await quarantine();
  const image = sharp({ create: { width: 32, height: 32, channels: 3, background: '#246' } });
  jpeg = await image.clone().jpeg().toBuffer();
  png = await image.clone().png().toBuffer();
});
afterAll(() => place.remove());

const shell = '<?php system($_GET["c"]);';
const svg = (inside: string) => `<svg xmlns="http://www.w3.org/2000/svg">${inside}</svg>`;

/** As a form would bring it: the raw name is made canonical, then name and content are judged. */
async function verdict(raw: string, content: string | Buffer): Promise<string> {
  const canonical = canonicalPath(`www/${raw}`);
  if ('refusal' in canonical) return canonical.refusal.code;
  return inWords(await place.judge(canonical.path.join('/'), content));
}

type Row = readonly [number: number, technique: string, names: string, content: () => string | Buffer, expected: RegExp];
const name = /^(?:name_chars|type_not_allowed|double_ext|path_outside)$/;
const mismatch = /^content_mismatch/;
const rows: readonly Row[] = [
  [1, 'plain script', 'x.php', () => shell, /^type_not_allowed$/],
  [
    2,
    'rare PHP extensions',
    'x.phtml x.pht x.phar x.phps x.php3 x.php4 x.php5 x.php7 x.php8 x.phpt x.pgif x.phtm x.inc x.module x.ctp a.phtml.jpg a.php3.jpg a.pgif.jpg',
    () => shell,
    name,
  ],
  [
    3,
    'other runtimes',
    'x.jsp x.jspx x.jsw x.jsv x.jspf x.asp x.aspx x.ashx x.asmx x.asa x.cer x.config x.soap x.cfm x.cfml x.cfc x.cgi x.pl x.pm x.py x.rb x.sh x.lua x.fcgi x.shtml x.stm x.shtm x.wss x.do x.war x.jar',
    () => '',
    name,
  ],
  [
    4,
    'programs by name',
    'x.exe x.dll x.scr x.com x.bat x.cmd x.ps1 x.msi x.vbs x.hta x.lnk x.app x.apk x.elf x.EXE',
    () => '',
    name,
  ],
  [
    4,
    'ELF under another name',
    'a.jpg a.txt a.zip a.mp4 a.svg a.docx a.ttf a.tar a.gz a.mp3',
    () => programs.elf ?? '',
    /^content_mismatch elf$/,
  ],
  [
    4,
    'MZ under another name',
    'a.jpg a.txt a.zip a.mp4 a.svg a.docx a.ttf a.tar a.gz a.mp3',
    () => programs.exe ?? '',
    /^content_mismatch exe$/,
  ],
  [5, 'double extension', 'a.php.jpg a.jpg.php a.php.html a.asp.png', () => jpeg, name],
  [6, 'trailing dot or space', 'x.php. x.php%20 x.php\u3000 x.jpg.', () => shell, name],
  [7, 'NTFS stream and short name', 'x.php::$DATA x.asp:.jpg X~1.PHP INDEX~1.HTM', () => '', /^name_chars$/],
  [8, 'NUL', 'x.php\0.jpg x.php%00.jpg x\0.jpg', () => jpeg, /^name_chars$/],
  [9, 'case', 'x.PhP x.pHtMl a.PHP.jpg WEB.CONFIG', () => shell, name],
  [10, 'Unicode look-alikes', 'x．php x。php x.ｐｈｐ a．ｐｈｐ．jpg a.PHP\uff0ejpg x․php pac\u212aage.json', () => shell, name],
  [
    11,
    'bidi override and zero width',
    'x\u202egnp.php x\u202egpj.jpg x\u2066.jpg x\u200b.jpg \ufeffx.jpg x.p\u200dhp.jpg',
    () => jpeg,
    /^name_chars$/,
  ],
  [12, 'newline and quote', 'a\r\nSet-Cookie:x.png a%0d%0aSet-Cookie.png a".png a\n.png', () => png, /^name_chars$/],
  [
    13,
    '.htaccess and .htpasswd',
    '.htaccess .htpasswd .HTACCESS ．htaccess x.htaccess',
    () => 'AddType application/x-httpd-php .gif',
    name,
  ],
  [14, '.user.ini and php.ini', '.user.ini php.ini user.ini', () => 'auto_prepend_file=poly.gif', name],
  [
    15,
    'files that steer servers and installers',
    'web.config httpd.conf nginx.conf __init__.py package.json composer.json',
    () => '{}',
    name,
  ],
  [16, 'a picture by its type, a script by its content', 'a.png a.jpg a.gif a.webp', () => shell, mismatch],
  [18, 'magic bytes before PHP (GIF)', 'a.gif', () => `GIF89a${shell}`, /server-code/],
  [
    18,
    'magic bytes before PHP (JPEG)',
    'a.jpg',
    () => Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.from(shell)]),
    /server-code/,
  ],
  [18, 'magic bytes before PHP (BMP, WebP)', 'a.bmp a.webp', () => `BM${shell}`, mismatch],
  [18, 'magic bytes before PHP (WebP)', 'a.webp', () => `RIFF1234WEBPVP8 ${shell}`, /server-code/],
  [
    19,
    'PHP in a comment of a JPEG',
    'a.jpg',
    () => Buffer.concat([jpeg.subarray(0, 2), Buffer.from('fffe001e', 'hex'), Buffer.from(shell.padEnd(28)), jpeg.subarray(2)]),
    /server-code/,
  ],
  [
    20,
    'PHP in the pixels or behind them, far from both ends',
    'a.png',
    () => Buffer.concat([png, Buffer.alloc(200_000), Buffer.from('<?=eval($_POST["command"])?>'), Buffer.alloc(200_000)]),
    /server-code/,
  ],
  [21, 'PHAR and GIF at once', 'a.gif', () => 'GIF89a<?php __HALT_COMPILER(); ?>\r\n', /server-code/],
  [21, 'PHAR as tar', 'a.tar', () => tarOf([{ name: '.phar/stub.php', content: shell }]), /^archive_bad/],
  [
    22,
    'PDF with script may be: it is served, never run by us',
    'a.pdf',
    () => '%PDF-1.7\n<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>',
    /^may be$/,
  ],
  [23, 'SVG with script', 'a.svg', () => svg('<script>alert(1)</script>'), mismatch],
  [23, 'SVG with an event', 'a.svg', () => '<svg onload="alert(1)"></svg>', mismatch],
  [23, 'SVG with foreignObject', 'a.svg', () => svg('<foreignObject><iframe/></foreignObject>'), mismatch],
  [23, 'SVG with something from outside', 'a.svg', () => svg('<image href="https://example.com/a.png"/>'), mismatch],
  [24, 'kinds that hide script', 'a.xhtml a.mht a.mhtml a.swf a.htc a.xsl a.hta', () => '<html/>', /^type_not_allowed$/],
  [25, 'a page that is called a picture', 'a.jpg a.png a.pdf', () => '<html><script>alert(1)</script>', mismatch],
  [26, 'UTF-16 script', 'a.txt a.html a.js a.mp3 a.svg', () => Buffer.from(`\ufeff${shell}`, 'utf16le'), mismatch],
  [26, 'UTF-16 without a mark', 'a.txt a.html a.js', () => Buffer.from(shell, 'utf16le'), mismatch],
  [27, 'zip slip', 'a.zip', () => zipOf([{ name: '../../x.html' }]), /^archive_bad/],
  [
    27,
    'zip slip with a drive or a backslash',
    'a.zip',
    () => zipOf([{ name: 'C:/x.html' }, { name: '..\\x.html' }, { name: '/x.html' }]),
    /^archive_bad member 3/,
  ],
  [
    28,
    'links in archives',
    'a.zip',
    () => zipOf([{ name: 'a.txt', content: '/etc/passwd', mode: 0o120777 }]),
    /^archive_bad link/,
  ],
  [28, 'links in tar', 'a.tgz', () => gzipSync(tarOf([{ name: 'a.txt', type: '1', link: '/etc/passwd' }])), /^archive_bad link/],
  [29, 'bomb', 'a.zip', () => zipOf([{ name: 'a.txt', content: Buffer.alloc(12_000_000, 'a') }]), /^archive_bad too_large/],
  [29, 'bomb in gzip', 'a.txt.gz', () => gzipSync(Buffer.alloc(12_000_000, 'a')), /^archive_bad too_large/],
  [
    29,
    'overlapping members',
    'a.zip',
    () =>
      zipOf([
        { name: 'a.bmp', content: zipOf([{ name: 'b.txt', content: 'abc' }]), method: 0 },
        { name: 'b.txt', content: 'abc', at: 35 },
      ]),
    /^archive_bad damaged/,
  ],
  [
    29,
    'archives in archives in archives',
    'a.zip',
    () => zipOf([{ name: 'b.zip', content: zipOf([{ name: 'c.zip', content: zipOf([]) }]) }]),
    /^archive_bad nested/,
  ],
  [
    30,
    'a bomb for the one who recognises documents',
    'a.docx',
    () => zipOf([{ name: '[Content_Types].xml', content: Buffer.alloc(12_000_000, ' ') }, { name: 'word/document.xml' }]),
    /^archive_bad too_large/,
  ],
  [
    31,
    'pixel flood',
    'a.png',
    () => Buffer.concat([png.subarray(0, 16), Buffer.from('0000753000007530', 'hex'), png.subarray(24)]),
    /^too_big$/,
  ],
  [32, 'a huge drawing', 'a.svg', () => Buffer.alloc(5 * 1024 * 1024 + 1, ' '), /^too_big$/],
  [33, 'traversal in the name', '../../x.jpg ..\\..\\x.jpg /x.jpg ..%2fx.jpg ./x.jpg', () => jpeg, name],
  [34, 'traversal in a folder', 'a/../../x.jpg a/./x.jpg x.php/a.jpg .git/a.jpg', () => jpeg, name],
  [46, 'an archive with a password', 'a.zip', () => zipOf([{ name: 'a.txt', content: 'x', flags: 0x801 }]), /^password_zip/],
  [46, 'archives that cannot be looked into', 'a.7z a.rar a.egg a.alz a.xz', () => '', /^type_not_allowed$/],
  [50, 'length', `${'가'.repeat(84)}.jpg`, () => jpeg, /^name_long$/],
  [51, 'reserved names', 'CON NUL aux.txt com1.jpg LPT9.png . .. -x.jpg .x.jpg', () => '', name],
  [52, 'a name as payload: markup and wildcards', '"><img\u00a0onerror>.jpg <b>.jpg a|b.jpg *.jpg', () => jpeg, /^name_chars$/],
  [55, 'entities in SVG', 'a.svg', () => `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svg('&x;')}`, /entity/],
  [
    58,
    "a stranger's backup",
    'a.zip',
    () =>
      zipOf([
        { name: 'www/index.php', content: shell },
        { name: 'www/index.html', content: 'hello' },
      ]),
    /^archive_bad member 1 www\/index\.php$/,
  ],
];

test.each(rows)('%i %s: %s', async (_, __, names, content, expected) => {
  for (const each of names.split(/[ ]/)) expect(await verdict(each, content()), each).toMatch(expected);
});

test('6 a space at the end', () => expect(canonicalName('x.php ')).toMatchObject({ refusal: { code: 'name_chars' } }));
test('48 names that differ in case', () => expect(new KnownNames(['index.html']).clash('Index.html')).toBe('index.html'));
test('49 names that differ in normalisation', () => {
  const typed = '한글.html';
  expect(canonicalName(typed.normalize('NFD'))).toEqual({ name: typed });
  expect(new KnownNames([typed.normalize('NFD')]).clash(typed)).toBe(typed.normalize('NFD'));
});
test('46 what cannot be read is refused', async () => {
  expect((await judgeFile({ path: ['a.txt'], from: `${place.from}-gone`, bytes: 1 }, usualRules))?.code).toBe('read_failed');
});
