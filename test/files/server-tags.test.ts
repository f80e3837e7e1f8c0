// Tags that servers run: what is found, what is not, and that chance never writes one.
import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type TagReach, TagScanner } from '../../src/files/server-tags.ts';

/** Looks at the bytes whole, and cut at every place: the answer must not depend on chunks. */
function found(reach: TagReach, text: string): boolean {
  const bytes = Buffer.from(text, 'latin1');
  const answers = new Set<boolean>();
  for (let cut = 0; cut <= bytes.length; cut++) {
    const scanner = new TagScanner(reach);
    scanner.push(bytes.subarray(0, cut));
    scanner.push(bytes.subarray(cut));
    answers.add(scanner.end());
  }
  expect([...answers], text).toHaveLength(1);
  return answers.has(true);
}

describe('found in every kind', () => {
  test.each([
    '<?php phpinfo();',
    'GIF89a<?PhP\nsystem($_GET[0]);',
    '\xff\xd8\xff\xfe<?php\t',
    '<?php',
    'x<?php\r',
    '<<?php ',
    '<script<?php ',
    '<?=<?php ',
    '<script language="php">',
    "<SCRIPT\n\tLANGUAGE = 'PHP' >",
    '<script language=php>',
    `<script ${' '.repeat(300)}language${' '.repeat(300)}=php`,
    '<?=system($_GET[0])?>',
    '<?=`$_GET[0]`.PHP_EOL.PHP_EOL?>',
    '<?= "<?=".str_repeat("a", 99) ?>',
    '<?= system($_GET[0])."<?=" ?>',
  ])('%j', (text) => {
    for (const reach of ['binary', 'text', 'markup'] as const) expect(found(reach, text), reach).toBe(true);
  });
});

describe('found in texts but not in binary kinds, where chance may write it', () => {
  test.each(['<%@ page import="java.io.*" %>', '<%@Language=VBScript%>', '<% \n@ Page Language="C#" %>', '<?=`$_GET[0]`?>'])(
    '%j',
    (text) => {
      expect(found('binary', text)).toBe(false);
      expect(found('text', text)).toBe(true);
      expect(found('markup', text)).toBe(true);
    },
  );
});

describe('found in markup only, because only markup is run by servers that were set up so', () => {
  test.each([
    '<!--#exec cmd="ls" -->',
    '<!--# EXEC cgi="/x" -->',
    '<? system($_GET[0]); ?>',
    '<?system($_GET[0]);',
    '<?echo 1 ?>',
    '<?=$x',
    '<?xml;system("id")?>',
    '<?xml-system("id")?>',
    '<?xml and system("id") ?>',
    '<?xml #\nsystem("id") ?>',
    '<?xml /**/ version="1.0"?>',
    '<?xmlsystem("id") ?>',
    '<?import',
  ])('%j', (text) => {
    expect(found('markup', text)).toBe(true);
    expect(found('text', text)).toBe(false);
    expect(found('binary', text)).toBe(false);
  });
});

describe('never found', () => {
  test.each([
    '&lt;?php echo 1;',
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<?xml-stylesheet type="text/css" href="a.css"?>',
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<?xml:namespace prefix = o ns = "urn:schemas-microsoft-com:office:office" />',
    '<?mso-application progid="Excel.Sheet"?>',
    '<script src="php.js"></script>',
    '<script type="text/template"><% if (a) { %><%= b %><%- c %><% } %></script>',
    '<script language="javascript">',
    '<!--#include virtual="/head.html" -->',
    'a < b ? c : d',
    '안녕하세요',
  ])('%j', (text) => {
    for (const reach of ['binary', 'text', 'markup'] as const) expect(found(reach, text), reach).toBe(false);
  });

  test('in a text that is no markup, generics and templates', () => {
    for (const text of ['List<? extends T>', 'x = /<?\\/?div/', '<?phpx', '<?phpinfo()', '/[<?=>]/'])
      expect(found('text', text), text).toBe(false);
  });

  test('in a binary kind, a short echo tag or one that is not printable', () => {
    for (const text of [
      '<?=123456789012345?>',
      '<?=1234567890\x00123456?>',
      '<?=12345678901234567890',
      '<% eval request("x") %>',
    ])
      expect(found('binary', text), text).toBe(false);
  });
});

test('a second echo tag far behind the first is found in a text', () => {
  expect(new TagScanner('text').push(Buffer.from(`<?=${' '.repeat(4000)}<?=${' '.repeat(4000)}?>`))).toBe(true);
});

test('in 1 GiB of random bytes nothing is found', () => {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(1024 * 1024);
  const scanner = new TagScanner('binary');
  for (let mebibyte = 0; mebibyte < 1024; mebibyte++) expect(scanner.push(stream.update(zeros))).toBe(false);
  expect(scanner.end()).toBe(false);
});

test('no bytes make the scan slow: every chunk of 256 KiB is looked through in a few milliseconds', () => {
  for (const evil of ['<', '<s', '<?', '<?=', '<?=a ', '<?php<', '<script ', '<script language', '<!--#', '<% ', '<?xml ']) {
    for (const reach of ['binary', 'text'] as const) {
      const scanner = new TagScanner(reach);
      const chunk = Buffer.alloc(256 * 1024, evil);
      const began = process.cpuUsage();
      for (let count = 0; count < 8; count++) scanner.push(chunk);
      expect(process.cpuUsage(began).user / 1000 / 8, `${evil} ${reach}`).toBeLessThan(40);
    }
  }
});
