// What lies inside archives and documents meets the same policy: names, contents, links, passwords, bombs.
import { readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usualRules } from '../../src/files/policy.ts';
import { inWords, koreanCp949, programs, quarantine, tarOf, type ZipPart, zipOf } from './made-files.ts';

let place: Awaited<ReturnType<typeof quarantine>>;
beforeAll(async () => {
  place = await quarantine();
});
afterAll(() => place.remove());

const said = async (name: string, content: Buffer, limits: Partial<typeof usualRules.archiveLimits> = {}) => {
  const rules = { ...usualRules, archiveLimits: { ...usualRules.archiveLimits, ...limits } };
  const words = inWords(await place.judge(name, content, rules));
  expect(await readdir(place.folder), 'nothing is left behind').toEqual(['uploaded']);
  return words;
};
const page: ZipPart = { name: 'index.html', content: '<p>안녕</p>' };
const shell = '<?php system($_GET[0]);';
const types: ZipPart = { name: '[Content_Types].xml', content: '<Types/>' };
const docx = [
  types,
  { name: '_rels/.rels', content: '<R/>' },
  { name: 'word/document.xml', content: '<?xml version="1.0"?><w/>' },
];

describe('an archive may be', () => {
  test.each<[string, ZipPart[]]>([
    ['with pages and folders', [page, { name: 'img/', mode: 0o40755 }, { name: 'img/한글 이름.txt', content: '본문' }]],
    ['with names in CP949 from Windows', [{ name: Buffer.concat([koreanCp949, Buffer.from('.txt')]), content: 'a' }]],
    ['with nothing in it', []],
    [
      'with what a Mac adds',
      [
        page,
        { name: '.DS_Store', content: 'Bud1\0' },
        { name: '__MACOSX/._index.html', content: Buffer.from('00051607', 'hex') },
      ],
    ],
    ['with stored members', [{ ...page, method: 0 }]],
    ['with a document in it', [page, { name: '안내.docx', content: zipOf(docx) }]],
    [
      'with another archive in it',
      [page, { name: 'inner.zip', content: zipOf([page, { name: '안내.docx', content: zipOf(docx) }]) }],
    ],
    ['with a small text that packs well', [{ name: 'a.csv', content: 'a,'.repeat(1_000_000) }]],
  ])('%s', async (_, parts) => {
    expect(await said('a.zip', zipOf(parts))).toBe('may be');
  });

  test('tar, tar.gz, tgz and a packed text', async () => {
    const tar = tarOf([
      { name: './', type: '5' },
      { name: './css/', type: '5' },
      { name: './css/a.css', content: 'a{}' },
      { name: 'b.txt', content: 'x'.repeat(700) },
    ]);
    expect(await said('a.tar', tar)).toBe('may be');
    expect(await said('a.tar.gz', gzipSync(tar))).toBe('may be');
    expect(await said('a.tgz', gzipSync(tar))).toBe('may be');
    expect(await said('a.csv.gz', gzipSync('a,b\n'))).toBe('may be');
    expect(
      await said(
        'a.tar',
        tarOf([
          { name: '././@LongLink', type: 'L', content: `${'folder/'.repeat(20)}a.txt\0` },
          { name: 'cut', content: 'a' },
        ]),
      ),
    ).toBe('may be');
    expect(
      await said(
        'a.tar',
        tarOf([
          { name: 'PaxHeader', type: 'x', content: '17 path=한글.txt\n' },
          { name: 'cut', content: 'a' },
        ]),
      ),
    ).toBe('may be');
  });

  test('documents of an office', async () => {
    expect(await said('a.docx', zipOf(docx))).toBe('may be');
    expect(
      await said(
        'a.xlsx',
        zipOf([types, { name: 'xl/workbook.xml' }, { name: 'xl/printerSettings/printerSettings1.bin', content: '\0' }]),
      ),
    ).toBe('may be');
    expect(
      await said(
        'a.pptx',
        zipOf([types, { name: 'ppt/presentation.xml' }, { name: 'ppt/embeddings/book.xlsx', content: 'PK\x03\x04' }]),
      ),
    ).toBe('may be');
    expect(
      await said(
        'a.hwpx',
        zipOf([
          { name: 'mimetype', content: 'application/hwp+zip', method: 0 },
          { name: 'Contents/content.hpf', content: '<a/>' },
        ]),
      ),
    ).toBe('may be');
  });
});

describe('an archive is refused, with the number of members and the first one', () => {
  test.each<[ZipPart[], string]>([
    [[page, { name: 'x.php', content: shell }, { name: 'y.exe' }, { name: '.htaccess' }], 'archive_bad member 3 x.php'],
    [[{ name: 'a.php.jpg' }], 'archive_bad member 1 a.php.jpg'],
    [[{ name: 'x.php/a.html' }], 'archive_bad member 1 x.php/a.html'],
    [[{ name: 'x.php/' }], 'archive_bad member 1 x.php/'],
    [[{ name: '../../x.html' }], 'archive_bad member 1 ../../x.html'],
    [[{ name: '/etc/x.html' }], 'archive_bad member 1 /etc/x.html'],
    [[{ name: 'C:/x.html' }], 'archive_bad member 1 C:/x.html'],
    [[{ name: '..\\x.html' }], 'archive_bad member 1 ..\\x.html'],
    [[{ name: 'a\u202etxt.html' }], 'archive_bad member 1 aU+202Etxt.html'],
    [[{ name: 'README' }], 'archive_bad member 1 README'],
    [[{ name: 'a.html', content: shell }], 'archive_bad member 1 a.html'],
    [
      [
        { ...page, method: 0 },
        { name: 'b.html', content: shell, method: 0 },
      ],
      'archive_bad member 1 b.html',
    ],
    [
      [
        { name: 'a.jpg', content: programs.exe ?? '' },
        { name: 'b.jpg', content: 'text' },
      ],
      'archive_bad member 2 a.jpg',
    ],
    [[{ name: '__MACOSX/._x.php', content: shell }], 'archive_bad member 1 __MACOSX/._x.php'],
    [[{ name: '.DS_Store', content: shell }], 'archive_bad member 1 .DS_Store'],
    [[page, { ...page }], 'archive_bad member 1 index.html'],
    [[{ name: Buffer.from('b0a1ff2e747874', 'hex') }], 'archive_bad member 1 가\ufffd.txt'],
    [[{ name: 'link.txt', content: '/etc/passwd', mode: 0o120777 }], 'archive_bad link 1 link.txt'],
    [[{ name: 'pipe.txt', mode: 0o010644 }], 'archive_bad link 1 pipe.txt'],
    [[{ name: 'a.txt', method: 14 }], 'archive_bad method 1 a.txt'],
    [[{ name: 'a.txt', content: 'x', flags: 0x801 }], 'password_zip a.txt'],
    [[{ name: 'a.txt', content: 'x', flags: 0x841 }], 'password_zip'],
    [[{ name: 'a.txt', content: 'abc', crc: 1 }], 'archive_bad damaged 1 a.txt'],
    [[{ name: 'a.txt', content: 'abc', declaredSize: 2 }], 'archive_bad damaged 0'],
    [[{ name: 'a.txt', content: 'abc', localName: 'x.php' }], 'archive_bad damaged 1 a.txt'],
    [
      [
        { name: 'a.bmp', content: zipOf([{ name: 'b.txt', content: 'abc' }]), method: 0 },
        { name: 'b.txt', content: 'abc', at: 35 },
      ],
      'archive_bad damaged 1 b.txt',
    ],
    [[{ name: 'a.txt', otherName: 'x.php' }], 'archive_bad member 1 x.php'],
    [[{ name: 'x.php', otherName: 'a.txt' }], 'archive_bad member 1 a.txt'],
    [[{ name: 'in.zip', content: zipOf([{ name: 'x.php' }]) }], 'archive_bad member 1 in.zip'],
    [[{ name: 'in.zip', content: zipOf([{ name: 'in.zip', content: zipOf([page]) }]) }], 'archive_bad nested 1 in.zip'],
    [[{ name: 'in.tar', content: tarOf([{ name: 'x.php' }]) }], 'archive_bad member 1 in.tar'],
    [[{ name: 'in.zip', content: zipOf([{ name: 'a.txt', content: 'x', flags: 0x801 }]) }], 'password_zip in.zip'],
    [[{ name: 'a.docx', content: zipOf([page]) }], 'archive_bad member 1 a.docx'],
  ])('%# %s', async (parts, expected) => {
    expect(await said('a.zip', zipOf(parts))).toBe(expected);
  });

  test('with more members than may be', async () => {
    const many = Array.from({ length: 5 }, (_, at) => ({ name: `${at}.txt` }));
    expect(await said('a.zip', zipOf(many), { members: 5 })).toBe('may be');
    expect(await said('a.zip', zipOf(many), { members: 4 })).toBe('archive_bad too_large 0');
    expect(await said('a.zip', zipOf([{ name: 'in.zip', content: zipOf(many) }]), { members: 5 })).toMatch(
      /^archive_bad too_large/,
    );
    expect(await said('a.tar', tarOf(many), { members: 4 })).toBe('archive_bad too_large 1 4.txt');
  });

  test('that unpacks to more than may be, by what it says and by what it holds', async () => {
    const big = Buffer.alloc(12 * 1024 * 1024, 'ab');
    expect(await said('a.zip', zipOf([{ name: 'a.txt', content: big }]))).toBe('archive_bad too_large 0');
    expect(await said('a.zip', zipOf([{ name: 'a.txt', content: big }]), { ratio: 5000 })).toBe('may be');
    expect(await said('a.zip', zipOf([{ name: 'a.txt', content: big }]), { ratio: 5000, bytes: 11 * 1024 * 1024 })).toBe(
      'archive_bad too_large 0',
    );
    expect(await said('a.zip', zipOf([{ name: 'a.txt', content: big, declaredSize: 9 }]))).toBe('archive_bad damaged 0');
    expect(await said('a.txt.gz', gzipSync(big))).toBe('archive_bad too_large 0');
    expect(await said('a.tgz', gzipSync(tarOf([{ name: 'a.txt', content: big }])))).toBe('archive_bad too_large 0');
    const inner = zipOf([{ name: 'a.txt', content: big }]);
    expect(await said('a.zip', zipOf([{ name: 'in.zip', content: inner }]))).toBe('archive_bad too_large 1 in.zip');
  });

  test('that is cut off or broken', async () => {
    const whole = zipOf([page, { name: 'b.txt', content: 'b'.repeat(999) }]);
    for (const end of [5, 30, 60, whole.length - 30, whole.length - 1])
      expect(await said('a.zip', whole.subarray(0, end)), `${end}`).toBe('archive_bad damaged 0');
    const gz = gzipSync('hello world, hello world');
    for (const end of [12, gz.length - 5]) expect(await said('a.txt.gz', gz.subarray(0, end))).toBe('archive_bad damaged 0');
    const tar = tarOf([{ name: 'a.txt', content: 'x'.repeat(2000) }]);
    for (const end of [1000, 2000]) expect(await said('a.tar', tar.subarray(0, end))).toMatch(/^archive_bad damaged/);
    expect(await said('a.tar', Buffer.concat([tar.subarray(0, 100), Buffer.from('x'), tar.subarray(101)]))).toMatch(
      /^(?:archive_bad damaged|content_mismatch)/,
    );
    expect(await said('a.docx', zipOf([page]))).toBe('archive_bad damaged 0');
    expect(await said('a.xlsx', zipOf(docx))).toBe('archive_bad damaged 0');
  });

  test('tar and gzip with links, programs or other names', async () => {
    for (const type of ['1', '2', '3', '4', '6', 'S'])
      expect(await said('a.tar', tarOf([{ name: 'a.txt', type, link: '/etc/passwd' }]))).toBe('archive_bad link 1 a.txt');
    expect(
      await said(
        'a.tgz',
        gzipSync(tarOf([{ name: 'ok.txt' }, { name: 'x.php', content: shell }, { name: 'b.txt', content: shell }])),
      ),
    ).toBe('archive_bad member 2 x.php');
    expect(await said('a.tar', tarOf([{ name: '../a.txt' }]))).toBe('archive_bad member 1 ../a.txt');
    expect(await said('a.tar', tarOf([{ name: 'PaxHeader', type: 'x', content: '14 path=x.php\n' }, { name: 'a.txt' }]))).toBe(
      'archive_bad member 1 x.php',
    );
    expect(await said('a.tar', tarOf([{ name: 'x', type: 'x', content: '25 linkpath=/etc/passwd\n' }, { name: 'a.txt' }]))).toBe(
      'archive_bad link 1 a.txt',
    );
    expect(await said('backup.gz', gzipSync('x'))).toBe('archive_bad member 1 backup');
    expect(await said('a.sql.gz', gzipSync('x'))).toBe('archive_bad member 1 a.sql');
    expect(await said('a.txt.gz', gzipSync(shell))).toBe('archive_bad member 1 a.txt');
    const named = Buffer.concat([
      Buffer.from('1f8b080800000000000378', 'hex').subarray(0, 10),
      Buffer.from('x.php\0'),
      gzipSync('x').subarray(10),
    ]);
    expect(await said('a.txt.gz', named)).toBe('archive_bad member 1 x.php');
    expect(await said('a.zip.gz', gzipSync(zipOf([{ name: 'x.php' }])))).toBe('archive_bad member 1 a.zip');
  });

  test('documents with macros, programs or paths that lead elsewhere', async () => {
    expect(await said('a.docx', zipOf([...docx, { name: 'word/vbaProject.bin', content: 'x' }]))).toBe(
      'archive_bad macro 1 word/vbaProject.bin',
    );
    expect(await said('a.docx', zipOf([...docx, { name: 'word/media/a.exe' }]))).toBe('archive_bad member 1 word/media/a.exe');
    expect(await said('a.docx', zipOf([...docx, { name: 'word/media/a.png', content: programs.elf ?? '' }]))).toBe(
      'archive_bad member 1 word/media/a.png',
    );
    expect(await said('a.docx', zipOf([...docx, { name: '../a.xml' }]))).toBe('archive_bad member 1 ../a.xml');
    expect(await said('a.docx', zipOf([...docx, { name: 'word/b.xml', content: shell }]))).toBe(
      'archive_bad member 1 word/b.xml',
    );
  });
});

test('server code between the members of a zip is found too', async () => {
  const zip = zipOf([page]);
  expect(await said('a.zip', Buffer.concat([Buffer.from('PK\x03\x04<?php __HALT_COMPILER();'), zip]))).toMatch(
    /^(?:content_mismatch|archive_bad)/,
  );
});
