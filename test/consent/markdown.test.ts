// Documents come from files that a company edits: nothing in them can run on a page.
import { describe, expect, it } from 'vitest';
import { rendered } from '../../src/consent/markdown.ts';

describe('the text of a document', () => {
  it.each([
    ['<script>alert(1)</script>', '<script'],
    ['a <img src=x onerror=alert(1)> b', '<img'],
    ['[x](javascript:alert(1))', 'href'],
    ['[x](//evil.example)', 'href'],
    ['![x](https://evil.example/x.png)', '<img'],
    ['[x](https://a.example/"onclick="alert(1))', ' onclick'],
  ])('shows markup as text: %s', (markdown, never) => {
    const { html, innerHtml } = rendered(`# T\n\n${markdown}\n`);
    expect(html).not.toContain(never);
    expect(innerHtml).not.toContain(never);
  });

  it('keeps headings below the title, a level lower inside another page', () => {
    const { html, innerHtml } = rendered('# Title\n\n## Part\n\n**strong** & more\n');
    expect(html).toBe('<h2>Part</h2>\n<p><strong>strong</strong> &amp; more</p>\n');
    expect(innerHtml).toContain('<h3>Part</h3>');
  });

  it('says of each column what it holds', () => {
    expect(rendered('| a | b |\n|---|---|\n| 1 | 2 |\n').html).toContain('<th scope="col">a</th>');
  });
});
