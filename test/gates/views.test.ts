// What no view, stylesheet or script may hold, so that a page added later inherits it: words, styles and handlers of its own, colours beside the tokens.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { styleFaults } from './stylesheets.ts';
import { hangul, unescapedIn, viewFaults } from './views.ts';

const root = resolve(import.meta.dirname, '../..');
const filesOf = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name: relative(root, join(root, folder, name)), text: readFileSync(join(root, folder, name), 'utf8') }))
    .sort((one, other) => one.name.localeCompare(other.name));

const views = filesOf('views', '.ejs');
/** A letter is a text in its own file, in both languages. */
const isLetter = (name: string) => name.startsWith('views/mail/');

/** Names that are the same in every language. */
const terms: Readonly<Record<string, readonly string[]>> = {
  'views/home/backup-location.ejs': ['/backup', '/www'],
  'views/ftp/index.ejs': ['/backup', '/www'],
  'views/browse/file.ejs': ['SHA-256', '…'],
  'views/browse/difference.ejs': ['+', '−'],
  'views/backups/_backup.ejs': [
    'SHA-256',
    'Linux    sha256sum -c .sha256',
    'macOS    shasum -a 256 -c .sha256',
    'Windows  certutil -hashfile  SHA256',
  ],
};

/** What is printed without escaping, besides parts of pages and icons: the page inside the layout, and texts we wrote ourselves. */
const unescaped: Readonly<Record<string, readonly string[]>> = {
  'views/consent/document.ejs': ['html'],
  'views/layout.ejs': ['body'],
};

describe('every view', () => {
  test.each(views.filter(({ name }) => !isLetter(name)))('$name has nothing of its own', ({ name, text }) => {
    expect(viewFaults(name, text, terms[name])).toEqual([]);
  });

  test('prints without escaping only what is counted here', () => {
    const found = views.map(({ name, text }) => [name, unescapedIn(text)] as const).filter(([, printed]) => printed.length > 0);
    expect(Object.fromEntries(found)).toEqual(unescaped);
  });
});

describe('every stylesheet', () => {
  const sheets = filesOf('public/css', '.css');

  test.each(sheets)('$name takes its colours from the tokens, and forces nothing', ({ name, text }) => {
    expect(styleFaults(basename(name), text)).toEqual([]);
  });

  // axe would have to fetch every stylesheet again on every page to find this (WCAG 2.2, 1.3.4).
  test.each(sheets)('$name holds nobody to one orientation', ({ text }) => {
    expect(text).not.toMatch(/\(\s*orientation\b/);
  });
});

describe('every script', () => {
  const scripts = filesOf('public/behaviours', '.js');

  test('says nothing: words are in the page, where they were translated', () => {
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter(({ text }) => hangul.test(text)).map(({ name }) => name)).toEqual([]);
  });

  test('writes no HTML and runs no text (the policy would stop them)', () => {
    const writes =
      /\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(\s*['"](on|style)/;
    expect(scripts.filter(({ text }) => writes.test(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('a look at a view sees', () => {
  test.each([
    ['words without a translation', '<p>Welcome to your site</p>', 'words outside of messages/, "Welcome to your site"'],
    ['Korean words', "<p><%= '안녕하세요' %></p>", 'Korean outside of messages/'],
    ['words that are read out', '<img src="/a.png" alt="A house">', 'words outside of messages/, "A house"'],
    ['an inline style', '<p style="color: red">', 'an inline style'],
    ['an inline style with an expression', '<p style="width: <%= share %>%">', 'an inline style'],
    ['a style of its own', '<style>p {}</style>', 'a style of its own'],
    ['an inline script', '<script>a()</script>', 'an inline script'],
    ['an inline handler', '<button onclick="a()">', 'an inline handler'],
    ['a script as an address', '<a href="javascript:a()">', 'a script as an address'],
    ['something from elsewhere', '<script src="https://example.com/a.js"></script>', 'something from elsewhere'],
  ])('%s', (_what, ejs, fault) => {
    expect(viewFaults('views/a.ejs', ejs).join('\n')).toContain(`views/a.ejs: ${fault}`);
  });

  test.each([
    ['<%- name %>', ['name']],
    ['<%- include("a") + name -%>', ['include("a") + name']],
    ['<%- icon(a), name %>', ['icon(a), name']],
    ["<%- include('shared/_a', { a: t('b (c)') }) %><%- icon('check') -%>", []],
    ['<%# <%- name %> <%= name %>', []],
  ])('what %s prints as it is', (ejs, printed) => {
    expect(unescapedIn(ejs)).toEqual(printed);
  });

  test('nothing in a plain view', () => {
    const ejs = "<%# Data: name -%>\n<h1><%= t('a.title') %></h1>\n<p class=\"lead\"><%= name %> – <%- icon('check') %></p>\n";
    expect(viewFaults('views/a.ejs', ejs)).toEqual([]);
  });
});

describe('a look at a stylesheet sees', () => {
  test.each([
    ['.a { color: #fff; }', 'a colour of its own, color: #fff'],
    ['.a { border: 1px solid Red; }', 'a colour of its own, border: 1px solid Red'],
    ['.a { box-shadow: 0 0 2px rgb(0 0 0 / 20%); }', 'a colour of its own'],
    ['.a { background: linear-gradient(var(--ink), black); }', 'a colour of its own'],
    ['.a { --edge: oklch(50% 0.1 200); }', 'a colour of its own'],
    ['@layer a { .a { & b { color: darkslategray } } }', 'a colour of its own'],
    ['.a { margin: 0 !important; }', 'margin of .a is !important'],
    ['#main { margin: 0; }', '#main selects an id'],
    ['.a :is(p, #b) { margin: 0; }', 'selects an id'],
  ])('%s', (css, fault) => {
    expect(styleFaults('50-a.css', css).join('\n')).toContain(fault);
  });

  test('nothing in plain rules, in the tokens, and where readers have a wish of their own', () => {
    const plain = [
      '.a { color: var(--ink); background: color-mix(in srgb, var(--edge, var(--red)) 35%, transparent); }',
      '.b { border-color: currentColor; fill: none; white-space: nowrap; font-family: Tan, serif; }',
      '.main a[href^="#top"] { color: inherit; }',
      '@media (forced-colors: active) { .a { border-color: CanvasText; } }',
      '@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }',
      '@media print { .a { color: inherit !important; } }',
    ];
    expect(plain.flatMap((css) => styleFaults('50-a.css', css))).toEqual([]);
    expect(styleFaults('20-tokens.css', ':root { --ink: light-dark(#132129, #ecf1f2); }')).toEqual([]);
  });
});
