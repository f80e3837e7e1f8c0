// Every page of the list, in both languages: valid HTML, no more bytes than ux.md 5.1 allows, and the headers of every answer.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { HtmlValidate } from 'html-validate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../support/panel.ts';
import { headerFaults } from './answer-headers.ts';
import { ask } from './ask.ts';
import { filesOf, overspent } from './budgets.ts';
import { type Page, pages } from './pages.ts';
import { skeletonOf } from './skeleton.ts';
import { openWorlds, type Who, type Worlds } from './worlds.ts';

/** What is left out or eased of the strictest preset, each with its reason. The Nu checker was run over the same pages by hand. */
const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:recommended', 'html-validate:document', 'html-validate:a11y'],
  rules: {
    // Matters of taste: HTML knows no difference.
    'doctype-style': 'off',
    'no-trailing-whitespace': 'off',
    // A button in a form sends it: that is what every button without a type here does.
    'no-implicit-button-type': 'off',
    // A hyphen that does not break would be copied into the telephone.
    'tel-non-breaking': 'off',
    // Names of customers' files stand in titles, whole.
    'long-title': 'off',
    // The duty of backups stands before the h1 of the home page, on purpose (KHADA 8.1).
    'heading-level': ['error', { minInitialRank: 'h2', allowMultipleH1: false }],
    // Clauses are called 1.1: a dot is allowed in an id (HTML 3.2.6).
    'valid-id': ['error', { relaxed: true }],
    // Several chosen files, folders or paths are sent under one name: that is how forms send lists.
    'form-dup-name': 'off',
    // A long log scrolls by keyboard, so it is a region that can be reached: no section can be one without a heading of its own.
    'prefer-native-element': ['error', { exclude: ['region'] }],
  },
});

/** @returns the faults of a page, as `line:column rule message` */
async function faultsOf(html: string): Promise<string[]> {
  const { results } = await validator.validateString(html);
  return results.flatMap(({ messages }) =>
    messages.map(({ line, column, ruleId, message }) => `${line}:${column} ${ruleId} ${message}`),
  );
}

/** Pages that were found without a fault: the other language, or the same page of somebody else, is mostly one of them but for its words. */
const sound = new Set<string>();

async function newFaultsOf(html: string): Promise<string[]> {
  const skeleton = skeletonOf(html);
  if (sound.has(skeleton)) return [];
  const faults = await faultsOf(html);
  if (faults.length === 0) sound.add(skeleton);
  return faults;
}

let worlds: Worlds;
/** Stylesheets and scripts are the same for everybody (hostile.http.test.ts), and named by their contents. */
const weights = new Map<string, Promise<number>>();
const visitors = new Map<string, ReturnType<Worlds['enter']>>();
beforeAll(async () => {
  worlds = await openWorlds();
});
afterAll(() => worlds?.close());

async function visited(page: Page, language: 'ko' | 'en'): Promise<{ html: string; visitor: Visitor }> {
  const visitor = await (page.who === 'guest' ? worlds.enter('guest', language) : kept(page.who, language));
  const answer = await ask(visitor, page, worlds.names);
  expect([answer.status, headerFaults(answer)]).toEqual([page.status ?? 200, []]);
  return { html: answer.text, visitor };
}

function kept(who: Who, language: 'ko' | 'en'): ReturnType<Worlds['enter']> {
  const known = visitors.get(`${who} ${language}`) ?? worlds.enter(who, language);
  visitors.set(`${who} ${language}`, known);
  return known;
}

/** @returns bytes as they travel: a picture is as small as it gets */
async function weighed(address: string, { agent }: Visitor): Promise<number> {
  const { body, text, type, status } = await agent.get(address);
  expect([address, status]).toEqual([address, 200]);
  return Buffer.isBuffer(body) && type === 'image/png' ? body.length : gzipSync(Buffer.isBuffer(body) ? body : text).length;
}

function weightOf(address: string, visitor: Visitor): Promise<number> {
  if (!/\.(css|js)\b/.test(address)) return weighed(address, visitor);
  const weight = weights.get(address) ?? weighed(address, visitor);
  weights.set(address, weight);
  return weight;
}

describe.each(['ko', 'en'] as const)('in %s', (language) => {
  test.each(pages)('the page "$name" is valid and light', async (page) => {
    const { html, visitor } = await visited(page, language);
    expect(await newFaultsOf(html)).toEqual([]);
    const here = new Map<string, number>();
    for (const address of Object.values(filesOf(html)).flat()) here.set(address, await weightOf(address, visitor));
    expect(overspent(html, page.path(worlds.names), (address) => here.get(address) ?? expect.fail(address))).toEqual([]);
  });
});

describe('the validator sees', () => {
  const around = (body: string) =>
    `<!doctype html>\n<html lang="ko">\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>a</title></head>\n<body>${body}</body>\n</html>\n`;

  test('nothing in a plain page', async () => {
    expect(await faultsOf(around('<h1>a</h1><p>b</p>'))).toEqual([]);
  });

  test.each([
    ['an inline style', '<h1>a</h1><p style="color: red">b</p>', 'no-inline-style'],
    ['an id that stands twice', '<h1 id="a">a</h1><p id="a">b</p>', 'no-dup-id'],
    [
      'a label without a field',
      '<h1>a</h1><form action="/"><label for="x">b</label><button>c</button></form>',
      'no-missing-references',
    ],
    [
      'a field without a label',
      '<h1>a</h1><form action="/"><input type="text" name="a"><button>c</button></form>',
      'input-missing-label',
    ],
    ['a picture without words', '<h1>a</h1><img src="/a.png">', 'wcag/h37'],
    ['a heading that was left out', '<h1>a</h1><h3>b</h3>', 'heading-level'],
    ['a part where it may not stand', '<h1>a</h1><p><div>b</div></p>', ''],
    ['a link in a link', '<h1>a</h1><a href="/a">a <a href="/b">b</a></a>', ''],
    ['a part that was never closed', '<h1>a</h1><section><p>b</p>', ''],
  ])('%s', async (_what, body, rule) => {
    const faults = await faultsOf(around(body));
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).toContain(rule);
  });
});

describe('a page counts as looked at', () => {
  const form = (label: string, more = '') =>
    `<html lang="ko"><a href="/login">${label}</a><label for="a">b</label><input id="a" aria-label="${label}" data-of="${label}"${more}>`;

  test('when another differs from it in words, language, moments and addresses of a language alone', () => {
    const english = form('Sign in').replace('lang="ko"', 'lang="en"').replace('/login', '/en/login');
    expect(skeletonOf(english)).toBe(skeletonOf(form('로그인')));
    const at = (minute: string) =>
      form('a').replace('>a<', `><time datetime="2026-11-22T03:${minute}:00.000Z">${minute}</time><`);
    expect(skeletonOf(at('05'))).toBe(skeletonOf(at('04')));
    expect(skeletonOf(form('로그인').replace('<label', '\n  <label'))).toBe(skeletonOf(form('로그인')));
  });

  const order = (seconds: number) => form('a', `><meta http-equiv="refresh" content="${seconds}"`);
  test.each([
    ['an empty text', form('a'), form('')],
    ['two names that are equal now', form('a'), form('b')],
    ['a raw character', form('a'), form('a & b')],
    ['another id', form('a'), form('a').replace('id="a"', 'id="c"')],
    ['another address', form('a'), form('a').replace('/login', '/logout')],
    ['a language that is none', form('a'), form('a').replace('lang="ko"', 'lang="korean"')],
    ['an attribute more', form('a'), form('a', ' style="color: red"')],
    ['a part that was never closed', form('a'), `<p>${form('a')}`],
    ['another order to the browser', order(1), order(2)],
  ])('and not when it has %s', (_what, one, other) => {
    expect(skeletonOf(other)).not.toBe(skeletonOf(one));
  });
});

describe('a look at bytes sees', () => {
  const weigh = (address: string) => (address.includes('heavy') ? 9000 : 100);
  const page = (body: string, head = '<link rel="stylesheet" href="/a.css">') =>
    `<html><head>${head}</head><body>${body}</body></html>`;
  /** Text that gzip cannot make smaller than a byte in two letters. */
  const long = (bytes: number) => randomBytes(bytes).toString('hex');

  test.each([
    ['a long page', page(long(13_000)), 'HTML'],
    ['a long table', page(`<table>${long(21_000)}</table>`), 'HTML'],
    [
      'two stylesheets',
      page('', '<link rel="stylesheet" href="/a.css"><link rel="stylesheet" href="/b.css">'),
      'stylesheets: 2, 1 at most',
    ],
    ['a script for who only reads', page('<script src="/a.js"></script>'), 'scripts: 100, 0 at most'],
    ['heavy scripts', page('<form></form><script src="/heavy.js"></script>'), 'scripts: 9000, 8000 at most'],
    ['a heavy picture', page('<img src="/heavy.png" alt="">'), 'images: 9000, 8000 at most'],
  ])('%s', (_what, html, sentence) => {
    expect(overspent(html, '/', weigh).join('\n')).toContain(sentence);
  });

  test('nothing in a light page', () => {
    expect(overspent(page(`<form action="/logout"></form><table>${long(13_000)}</table>`), '/sites/a/files/www', weigh)).toEqual(
      [],
    );
  });
});
