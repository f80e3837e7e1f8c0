// Blocks on a page of the company's own: found however the page was written, and told apart when they are old, altered or hidden.
import { describe, expect, test } from 'vitest';
import { type BlockNode, contentOf, htmlOf, scriptOf, versionOf } from '../../src/home/block-nodes.ts';
import { blocksIn, stateOfBlock } from '../../src/home/homepage.ts';

const panel = 'https://panel.example.com';
const page = 'https://www.example.com/hosting/';

/** @returns a block as the panel prints it */
function block(
  words: string,
  { name = 'officers', language = 'ko' as 'ko' | 'en', plan = undefined as string | undefined } = {},
) {
  const inside: BlockNode[] = [
    ['h2', {}, 'Officers & "contacts"'],
    ['p', {}, words, ['a', { href: 'tel:02-1234' }, '02-1234']],
  ];
  const version = versionOf({ name, language, plan }, contentOf(['section', {}, ...inside]));
  const marks = {
    'data-gotgan-block': name,
    ...(plan && { 'data-gotgan-plan': plan }),
    'data-gotgan-version': version,
    lang: language,
  };
  return { version, html: htmlOf(['section', marks, ...inside]) };
}

const today = block('Kim <security>, ');
const before = block('Lee, ');
const around = (body: string) => `<!doctype html><title>Hosting</title><body><main>${body}</main>`;
const stateIn = (body: string, wanted: { name: string; plan?: string } = { name: 'officers' }, version = today.version) =>
  stateOfBlock(blocksIn(around(body), page, panel), wanted, async () => version);

describe('a page of the company', () => {
  test.each<[string, string, string]>([
    ['as it was given', today.html, 'current'],
    [
      'indented and broken by a content management system',
      today.html.replaceAll('><', '>\n\t  <').replace(', ', ',\n '),
      'current',
    ],
    ['in capitals, with other quotes', today.html.replaceAll('<section', '<SECTION').replaceAll('class="', "class='"), 'current'],
    ['an earlier version of it', before.html, 'stale'],
    ['a name that was changed by hand', today.html.replace('Kim', 'Kang'), 'altered'],
    ['a telephone number that was changed by hand', today.html.replace('tel:02-1234', 'tel:02-9999'), 'altered'],
    ['a mark that was renewed without the words', before.html.replace(before.version, today.version), 'altered'],
    ['hidden', `<div hidden>${today.html}</div>`, 'hidden'],
    ['in a comment', `<!-- ${today.html} -->`, 'missing'],
    ['in a template', `<template>${today.html}</template>`, 'missing'],
    ['as text', `<pre>${today.html.replaceAll('<', '&lt;')}</pre>`, 'missing'],
    ['another block', block('x', { name: 'sla' }).html, 'missing'],
    ['nothing', '<p>Welcome</p>', 'missing'],
    ['the script', `<script src="${panel}/blocks/officers.js?lang=en" async></script>`, 'script'],
    ['a script of somebody else', '<script src="https://evil.example/blocks/officers.js"></script>', 'missing'],
    ['both, an old one and that of today', before.html + today.html, 'current'],
  ])('%s', async (_what, body, state) => {
    expect(await stateIn(body)).toBe(state);
  });

  test('a block of one plan counts for that plan only', async () => {
    const sla = block('183', { name: 'sla', plan: 'tree' });
    expect(await stateIn(sla.html, { name: 'sla', plan: 'tree' }, sla.version)).toBe('current');
    expect(await stateIn(sla.html, { name: 'sla', plan: 'forest' }, sla.version)).toBe('missing');
    expect(await stateIn(sla.html, { name: 'sla' }, sla.version)).toBe('current');
    expect(await stateIn(sla.html.replace('"tree"', '"forest"'), { name: 'sla', plan: 'forest' }, sla.version)).toBe('altered');
  });
});

test('a block is printed so that no value of it becomes markup', () => {
  const node: BlockNode = ['p', { title: '"><script>' }, '</p><script>alert(1)</script>'];
  expect(htmlOf(node)).toBe('<p title="&quot;&gt;&lt;script&gt;">&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</p>');
  expect(scriptOf(node, { name: 'officers', language: 'ko' })).not.toMatch(/innerHTML|document\.write|eval/);
});
