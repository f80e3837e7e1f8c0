// The upload policy on real content: pictures, texts, drawings, documents, and what only claims to be one.
import { createCipheriv } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeFile, usualRules } from '../../src/files/policy.ts';
import { inWords, koreanCp949, programs, quarantine } from './made-files.ts';

type Row = [name: string, content: () => string | Buffer | undefined, found?: string | undefined];

let place: Awaited<ReturnType<typeof quarantine>>;
const pictures: Record<string, Buffer> = {};
beforeAll(async () => {
  place = await quarantine();
  const image = sharp({ create: { width: 24, height: 18, channels: 3, background: '#8aa' } });
  for (const format of ['jpeg', 'png', 'webp', 'gif', 'avif'] as const)
    pictures[format] = await image.clone().toFormat(format).toBuffer();
});
afterAll(() => place.remove());

const said = async (name: string, content: string | Buffer) => inWords(await place.judge(`www/${name}`, content));
const picture = (format: string) => pictures[format] ?? Buffer.alloc(0);

describe('real content of every kind may be', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'avif'])('a small %s', async (format) => {
    expect(await said(`사진.${format}`, picture(format))).toBe('may be');
    expect(await said(`사진.${format.toUpperCase()}`, picture(format))).toBe('may be');
  });

  test('120 photographs, drawings and gradients in four formats', async () => {
    let made = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const [width, height] = [16 + seed * 9, 240 - seed * 5];
      const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(
        Buffer.alloc(width * height * 3),
      );
      const raw = seed % 3 === 0 ? noise.map((byte, at) => ((at % 256) & 0xf0) | (byte & 0x0f)) : noise;
      const image = sharp(raw, { raw: { width, height, channels: 3 } }).blur(seed % 3 === 1 ? 0.3 + seed / 10 : 0.3);
      const described = image.withExif({ IFD0: { Copyright: '곳간', ImageDescription: 'a < b ? c > d' } }).keepIccProfile();
      for (const format of ['jpeg', 'png', 'webp', 'gif'] as const) {
        expect(await said(`photo-${seed}.${format}`, await described.clone().toFormat(format, { effort: 1 }).toBuffer())).toBe(
          'may be',
        );
        made++;
      }
    }
    expect(made).toBe(120);
  });

  test.each<[string, string | Buffer]>([
    ['index.html', '<!doctype html><html lang="ko"><title>안녕하세요</title><script>if (1 < 2) {}</script><p>본문</p></html>'],
    ['index.html', '\ufeff<!doctype html><title>바이트 순서 표시</title>'],
    ['page.html', Buffer.concat([Buffer.from('<!doctype html><meta charset="euc-kr"><p>'), koreanCp949, Buffer.from('</p>')])],
    ['list.csv', Buffer.concat([koreanCp949, Buffer.from(',1000\r\n')])],
    ['memo.txt', 'MZ세대 안내, BMW 전시, solid 원칙, GIF 만들기, PK, ID3'],
    ['memo.txt', 'MZ세대 안내'],
    ['memo.txt', 'BMW 전시장'],
    ['memo.txt', 'solid snake'],
    ['memo.txt', 'FORMULA'],
    ['memo.txt', 'G'.repeat(400)],
    ['template.html', '<script type="text/template"><% if (user) { %><b><%= user %></b><% } %></script>'],
    ['underscore.js', 'var s={evaluate:/<%([\\s\\S]+?)%>/g,interpolate:/<%=([\\s\\S]+?)%>/g};"\x1b[0m"'],
    ['cli.mjs', '#!/usr/bin/env node\nexport {};\n'],
    [
      'word.html',
      '<html xmlns:o="urn:x"><?xml:namespace prefix = o ns = "urn:schemas-microsoft-com:office:office" /><o:p></o:p>',
    ],
    ['sitemap.xml', '<?xml version="1.0" encoding="UTF-8"?><urlset/>'],
    ['app.css.map', '{"version":3}'],
    ['a.json', '{}'],
    ['doc.pdf', '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</JS (app.alert)>>'],
    ['a.woff2', Buffer.concat([Buffer.from('wOF2\0\x01\0\0', 'latin1'), Buffer.alloc(64)])],
    ['a.ttf', Buffer.concat([Buffer.from('\0\x01\0\0\0\x0c\0\x80', 'latin1'), Buffer.alloc(64)])],
    ['a.otf', Buffer.concat([Buffer.from('OTTO\0\x0c\0\x80', 'latin1'), Buffer.alloc(64)])],
    [
      'a.mp3',
      Buffer.concat([
        Buffer.from('ID3\x04\0\0\0\0\0\x0a', 'latin1'),
        Buffer.alloc(10),
        Buffer.from('fffb9064', 'hex'),
        Buffer.alloc(400),
      ]),
    ],
    ['a.mp3', Buffer.concat([Buffer.from('fffb9064', 'hex'), Buffer.alloc(5000)])],
    ['a.mp4', Buffer.concat([Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isomiso2', 'latin1'), Buffer.alloc(64)])],
    ['a.mov', Buffer.concat([Buffer.from('\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'latin1'), Buffer.alloc(64)])],
    ['a.m4a', Buffer.concat([Buffer.from('\0\0\0\x14ftypM4A \0\0\0\0M4A ', 'latin1'), Buffer.alloc(64)])],
    ['a.wav', Buffer.concat([Buffer.from('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0', 'latin1'), Buffer.alloc(64)])],
    [
      'a.webm',
      Buffer.concat([
        Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701', 'hex'),
        Buffer.alloc(64),
      ]),
    ],
    ['a.ico', Buffer.concat([Buffer.from('000001000100101000000100200068040000160000', 'hex'), Buffer.alloc(1128)])],
    [
      'a.bmp',
      Buffer.concat([
        Buffer.from('BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0', 'latin1'),
        Buffer.alloc(40),
      ]),
    ],
    [
      'a.hwp',
      Buffer.concat([
        Buffer.from('d0cf11e0a1b11ae1', 'hex'),
        Buffer.alloc(262_130),
        Buffer.from('HWP Document File'),
        Buffer.alloc(600),
      ]),
    ],
  ])('%s %#', async (name, content) => {
    expect(
      await said(name, typeof content === 'string' && name.endsWith('.pdf') ? Buffer.from(content, 'latin1') : content),
    ).toBe('may be');
  });

  test.each(usualRules.allowedExtensions)('an empty file: empty.%s', async (extension) => {
    expect(await said(`empty.${extension}`, '')).toBe('may be');
  });
});

describe('content that is not what the name says is refused, and what was found is told', () => {
  test.each<Row>([
    ['a.jpg', () => picture('png'), 'png'],
    ['a.png', () => picture('jpeg'), 'jpg'],
    ['a.gif', () => picture('webp'), 'webp'],
    ['a.jpg', () => programs.exe, 'exe'],
    ['a.txt', () => programs.elf, 'elf'],
    ['a.js', () => programs.wasm, 'wasm'],
    ['a.png', () => programs.class, 'class'],
    ['a.pdf', () => programs.macho, 'macho'],
    ['a.mp3', () => Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'), programs.exe ?? Buffer.alloc(0)]), 'exe'],
    ['a.jpg', () => '<html>', 'text'],
    ['a.png', () => '', undefined],
    ['a.txt', () => picture('jpeg'), 'jpg'],
    ['a.html', () => '%PDF-1.7\n', 'pdf'],
    ['a.js', () => 'GIF89a=1;alert(1)', 'gif'],
    ['a.txt', () => Buffer.from('\ufeff안녕', 'utf16le'), 'utf-16'],
    ['a.txt', () => Buffer.from('\ufeff<?php', 'utf16le').swap16(), 'utf-16'],
    ['a.mp3', () => Buffer.from('\ufeff<?php system(1);'.repeat(400), 'utf16le'), 'utf-16'],
    ['a.txt', () => Buffer.from('<?php x', 'utf16le'), 'binary'],
    ['a.txt', () => 'a\0b', 'binary'],
    ['a.csv', () => Buffer.from('b0a1b3ff', 'hex'), 'binary'],
    ['a.csv', () => Buffer.from('b0a1b3', 'hex'), 'binary'],
    ['a.hwp', () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4096)]), 'cfb'],
    ['a.docx', () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4096)]), 'cfb'],
    ['a.zip', () => Buffer.from('526172211a0700', 'hex'), 'rar'],
    ['a.bmp', () => 'BM is no picture of mine, it is text', 'text'],
    ['a.wav', () => Buffer.concat([Buffer.from('RIFF\x24\0\0\0AVI ', 'latin1'), Buffer.alloc(99)]), 'avi'],
    ['a.jpg', () => Buffer.from('00112233445566778899', 'hex'), 'unknown'],
  ])('%s %#', async (name, content, found) => {
    expect(await said(name, content() ?? '')).toBe(found === undefined ? 'may be' : `content_mismatch ${found}`);
  });
});

describe('server code is found in every kind and everywhere in it', () => {
  const shell = '<?php system($_GET[0]);';
  test.each<Row>([
    ['a.gif', () => `GIF89a${shell}`],
    ['a.jpg', () => Buffer.concat([picture('jpeg'), Buffer.from(shell)])],
    [
      'a.jpg',
      () =>
        Buffer.concat([
          Buffer.from(`ffd8fffe00${(shell.length + 2).toString(16)}`, 'hex'),
          Buffer.from(shell),
          picture('jpeg').subarray(2),
        ]),
    ],
    ['a.gif', () => Buffer.concat([picture('gif'), Buffer.from('<?php __HALT_COMPILER(); ?>\r\n\x01\0')])],
    ['a.pdf', () => `%PDF-1.4\n${' '.repeat(3_000_000)}${shell}${' '.repeat(3_000_000)}`],
    ['a.png', () => Buffer.concat([picture('png'), Buffer.from('<?=system($_GET["command"])?>')])],
    ['a.html', () => '<p>안녕</p><? include "x"; ?>'],
    ['a.html', () => '<!--#exec cmd="id" -->'],
    ['a.html', () => '<%@ page import="java.util.*" %>'],
    ['a.html', () => '<script language="php">system(1)</script>'],
    ['a.js', () => `/*${shell}*/`],
    ['a.css', () => `/* ${'x'.repeat(262_130)}${shell}*/`],
    ['a.txt', () => Buffer.concat([koreanCp949, Buffer.from(shell)])],
    ['a.svg', () => '<svg xmlns="http://www.w3.org/2000/svg"><?php echo 1 ?></svg>'],
  ])('%s %#', async (name, content) => {
    expect(await said(name, content() ?? '')).toBe('content_mismatch server-code');
  });
});

describe('an SVG that is only a picture may be', () => {
  const svg = (inside: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">${inside}</svg>`;
  test.each([
    svg('<path d="M0 0h9v9z" fill="#8aa"/><title>로고</title>'),
    `<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- Generator -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${svg('')}`,
    svg('<defs><linearGradient id="g"/></defs><rect fill="url(#g)"/><use xlink:href="#g"/><use href="#g"/>'),
    svg('<image href="data:image/png;base64,iVBORw0KGgo="/>'),
    svg('<style>.a{fill:url("#g")} @font-face{src:url(data:font/woff2;base64,d09G)}</style>'),
    svg('<style><![CDATA[ .a > .b { fill: red } ]]></style>'),
    svg('<metadata><?xpacket begin="" id="W5M0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>'),
    svg("<animate attributeName='opacity' values='0;1'/><text>once on = 1 &amp; &lt;script&gt;</text>"),
    `\ufeff${svg('')}`,
  ])('%#', async (text) => {
    expect(await said('logo.svg', text)).toBe('may be');
  });
});

describe('an SVG with more than a picture is refused', () => {
  const svg = (inside: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">${inside}</svg>`;
  test.each([
    [svg('<script>alert(1)</script>'), 'script'],
    [svg('<SVG:SCRIPT/>'), 'script'],
    [svg('<x:script xmlns:x="http://www.w3.org/2000/svg" href="#a"/>'), 'script'],
    ['<svg onload="alert(1)"/>', 'script'],
    ['<svg/onload=alert(1)>', 'malformed'],
    ["<svg\nONLOAD\n=\n'alert(1)'/>", 'script'],
    [svg('<foreignObject><p/></foreignObject>'), 'script'],
    [svg('<g xmlns:h="http://www.w3.org/1999/xhtml"><h:p/></g>'), 'script'],
    [svg('<g xmlns:h="http://www.w3.org/1999/x&#104;tml"/>'), 'script'],
    [svg('<a href="javascript:alert(1)"/>'), 'script'],
    [svg('<a xlink:href="java&#x0A;script:alert(1)"/>'), 'script'],
    [svg('<a xlink:href=" &#106;avascript:alert(1)"/>'), 'script'],
    [svg('<animate attributeName="href" values="javascript:alert(1)"/>'), 'script'],
    [svg('<set attributeName="onmouseover" to="alert(1)"/>'), 'script'],
    [svg('<style>a{-moz-binding:url(#x)}</style>'), 'script'],
    [svg('<a href="https://example.com/"/>'), 'outside-reference'],
    [svg('<image xlink:href="//example.com/a.png"/>'), 'outside-reference'],
    [svg('<use href="other.svg#a"/>'), 'outside-reference'],
    [svg('<use href="data:image/svg+xml;base64,PHN2Zz4="/>'), 'outside-reference'],
    [svg('<a href="data:text/html,x"/>'), 'outside-reference'],
    [svg('<rect fill="url(https://example.com/a#b)"/>'), 'outside-reference'],
    [svg('<rect style="fill:u\\72l(//example.com)"/>'), 'outside-reference'],
    [svg('<style>@import "//example.com/a.css";</style>'), 'outside-reference'],
    [svg('<style>@imp<!-- -->ort "//example.com/a.css";</style>'), 'outside-reference'],
    [svg('<style>a{background:u<![CDATA[rl(//example.com)]]>}</style>'), 'outside-reference'],
    [svg('<style>a{background:url&#40;//example.com)}</style>'), 'outside-reference'],
    [`<?xml-stylesheet type="text/css" href="//example.com/a.css"?>${svg('')}`, 'outside-reference'],
    [`<!DOCTYPE svg [<!ENTITY a "b">]>${svg('&a;')}`, 'entity'],
    [`<!DOCTYPE svg SYSTEM "x" [ ]>${svg('')}`, 'entity'],
    [`<!ENTITY a "b">${svg('')}`, 'entity'],
    [`<?xml version="1.0" encoding="UTF-7"?>${svg('')}`, 'malformed'],
    ['<svg><style>a{}', 'malformed'],
    [svg('<path d="'), 'malformed'],
    [svg('<!-- '), 'malformed'],
    ['<html><svg/></html>', 'text'],
    ['hello', 'text'],
    ['hello <svg/>', 'text'],
  ])('%s', async (text, found) => {
    expect(await said('logo.svg', text)).toBe(`content_mismatch ${found}`);
  });

  test('one of 50 MB is refused for its size, before it is read', async () => {
    const refused = await judgeFile(
      { path: ['www', 'big.svg'], from: join(place.folder, 'is-not-there'), bytes: 50_000_000 },
      usualRules,
    );
    expect(refused).toEqual({ code: 'too_big', parameters: { name: 'www/big.svg', size: 50_000_000, limit: 5 * 1024 * 1024 } });
  });

  test('5 MB of anything takes a moment only', async () => {
    for (const part of [
      '<a ',
      '<a b="" ',
      '<!--',
      '<style>',
      '/*',
      'url(',
      '&#x41;',
      ' ',
      'expression ',
      '<g><g/>',
      '<a b="\\41 "/>',
      '<a b="url(">',
    ]) {
      const text = `<svg>${part.repeat(Math.floor(5_000_000 / part.length))}`;
      const began = process.cpuUsage();
      await said('logo.svg', text);
      expect(process.cpuUsage(began).user / 1000, part).toBeLessThan(3000);
    }
  });
});

describe('a picture with more pixels than any camera takes is refused by its header', () => {
  const header = (format: string, change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(picture(format));
    change(bytes);
    return bytes;
  };
  test.each<Row>([
    ['a.png', () => header('png', (bytes) => bytes.fill(0x7f, 17, 24))],
    ['a.gif', () => header('gif', (bytes) => bytes.fill(0xff, 6, 10))],
    [
      'a.jpg',
      () =>
        header('jpeg', (bytes) =>
          bytes.fill(0xff, bytes.indexOf(Buffer.from('ffc0', 'hex')) + 5, bytes.indexOf(Buffer.from('ffc0', 'hex')) + 9),
        ),
    ],
  ])('%s', async (name, content) => {
    expect(await place.judge(name, content() ?? '')).toMatchObject({
      code: 'too_big',
      parameters: { unit: 'pixels', limit: 250_000_000 },
    });
  });

  test('one of 200 megapixels may be', async () => {
    const content = header('png', (bytes) => {
      bytes.writeUInt32BE(16_320, 16);
      bytes.writeUInt32BE(12_240, 20);
    });
    expect(await said('a.png', content)).toBe('may be');
  });
});

describe('a file that cannot be judged is refused', () => {
  test('one that is not there any more', async () => {
    expect(inWords(await judgeFile({ path: ['www', 'a.jpg'], from: join(place.folder, 'gone'), bytes: 9 }, usualRules))).toBe(
      'read_failed',
    );
  });

  test('a folder in its place', async () => {
    const folder = join(place.folder, 'folder');
    await mkdir(folder);
    expect(inWords(await judgeFile({ path: ['www', 'a.zip'], from: folder, bytes: 9 }, usualRules))).toBe('read_failed');
    await rm(folder, { recursive: true });
  });

  test('one whose size is another than was counted', async () => {
    await writeFile(place.from, 'hello');
    for (const bytes of [4, 6])
      expect(inWords(await judgeFile({ path: ['a.txt'], from: place.from, bytes }, usualRules))).toBe('changed_during');
  });

  test.each([1, 262_143, 262_144, 262_145, 524_288])(
    'one of %i bytes, which end where a piece ends or beside it',
    async (size) => {
      await writeFile(place.from, 'a'.repeat(size));
      const judged = async (bytes: number) => inWords(await judgeFile({ path: ['a.txt'], from: place.from, bytes }, usualRules));
      expect([await judged(size), await judged(size - 1), await judged(size + 1)]).toEqual([
        ...['may be', 'changed_during', 'changed_during'],
      ]);
    },
  );
});

test('an operator may allow a kind that we know nothing of: then programs and server code are still refused', async () => {
  const rules = { ...usualRules, allowedExtensions: ['psd'] };
  expect(inWords(await place.judge('a.psd', '8BPS\0\x01', rules))).toBe('may be');
  expect(inWords(await place.judge('a.psd', programs.elf ?? '', rules))).toBe('content_mismatch elf');
  expect(inWords(await place.judge('a.psd', '8BPS<?php x', rules))).toBe('content_mismatch server-code');
  expect(inWords(await place.judge('a.jpg', picture('jpeg'), rules))).toBe('type_not_allowed');
});
