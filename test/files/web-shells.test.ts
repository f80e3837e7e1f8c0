// Known web shells are found however they are written; ordinary code of sites is not taken for one; and no bytes make it slow.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findShell, readShells, type ShellSignature } from '../../src/files/web-shells.ts';
import { ordinaryCode } from './ordinary-code.ts';
import { shells } from './shell-samples.ts';

let signatures: readonly ShellSignature[];
beforeAll(async () => {
  signatures = await readShells(join(import.meta.dirname, '../../lists/web-shells.tsv'));
});

describe('a web shell is found', () => {
  test.each(Object.entries(shells))('%s', (name, text) => {
    expect(findShell(text, signatures)).toBe(name.replace(/,.*$/, ''));
  });

  test('by every signature of the list, so that none stands there for nothing', () => {
    const found = new Set(Object.values(shells).map((text) => findShell(text, signatures)));
    expect(signatures.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
  });

  test.each([
    'eval($_POST[1]);',
    '  EVAL\n(\t$_POST [ 1 ] ) ;',
    'eval/* a */(/*b*/$_POST[1]);',
    '@eval("".$_POST["a"]);',
    '"/*"; eval($_POST[1]); "*/";',
  ])('also as %j', (code) => {
    expect(findShell(`<?php ${code}`, signatures)).toBe('eval-input');
  });

  test('in the middle of a picture', () => {
    expect(findShell(`\x89PNG\r\n\x1a\n${'\x00\xff'.repeat(500)}<?php eval($_POST[1]);?>`, signatures)).toBe('eval-input');
  });
});

describe('ordinary code is no shell', () => {
  test('there are at least sixty samples', () => expect(Object.keys(ordinaryCode).length).toBeGreaterThanOrEqual(60));

  test.each(Object.entries(ordinaryCode))('%s', (_name, text) => {
    expect(findShell(text, signatures)).toBeUndefined();
  });

  test('nor is a text that speaks of shells, outside of any code', () => {
    expect(findShell('If you see eval($_POST["x"]) or c99sh_ in your files, tell us.', signatures)).toBeUndefined();
  });
});

describe('five megabytes of anything are looked through in bounded time', () => {
  const fillers = [
    'eval(',
    '$',
    '](',
    'eval(base64_decode(',
    '/*',
    "'.'",
    'chr(',
    '\\x',
    'system(@',
    "preg_replace('/",
    '$_post[',
    '<%',
    ' \t\n',
    'a',
  ];
  test.each(fillers)('%j again and again', (filler) => {
    const text = `<?php <% ${filler.repeat(Math.ceil((5 * 1024 * 1024) / filler.length))}`;
    const begun = performance.now();
    findShell(text, signatures);
    // Measured 50 to 300 ms; a step that looks back at every byte would take hours.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
