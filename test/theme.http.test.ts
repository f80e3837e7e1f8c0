// Light or dark over HTTP: chosen by a form, kept in a cookie, printed by the server; and the style page, which only developers see.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor } from './support/panel.ts';

let house: TestPanel;
beforeAll(async () => {
  house = await startPanel();
});
afterAll(() => house?.close());

const rootOf = (html: string) => /<html[^>]*>/.exec(html)?.[0];

describe('light or dark', () => {
  test('is the choice of the system, and no cookie is set, as long as nothing was chosen', async () => {
    const { text, headers } = await new Visitor(house).get('/');
    expect(rootOf(text)).toBe('<html lang="ko">');
    expect(headers['set-cookie']).toBeUndefined();
  });

  test('is chosen by a form and printed on every page, in either language, until the system decides again', async () => {
    const visitor = new Visitor(house, 'en');
    const { text: page } = await visitor.get('/plans');
    expect(page).toContain('href="/en/theme?next=%2Fen%2Fplans"');
    const answer = await visitor.submit('/theme?next=%2Fen%2Fplans', { theme: 'dark' }, '/theme');
    expect([answer.status, answer.headers.location]).toEqual([303, '/en/plans']);
    expect(String(answer.headers['set-cookie'])).toMatch(
      /theme=dark; Max-Age=31536000; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax/,
    );
    expect(rootOf((await visitor.get('/plans')).text)).toBe('<html lang="en" data-theme="dark">');
    expect((await visitor.get('/plans')).text).toContain('<meta name="color-scheme" content="dark">');
    expect(rootOf((await visitor.agent.get('/')).text)).toBe('<html lang="ko" data-theme="dark">');
    await visitor.submit('/theme', { theme: 'system' });
    expect(rootOf((await visitor.get('/plans')).text)).toBe('<html lang="en">');
  });

  test('is not changed by a link, without the token, or into something else', async () => {
    const visitor = new Visitor(house);
    await visitor.get('/theme?theme=dark');
    expect((await visitor.send('/theme', { theme: 'dark' })).status).toBe(403);
    const refused = await visitor.submit('/theme', { theme: '"><script>' });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('밝기를 하나 골라 주세요.');
    expect(rootOf((await visitor.get('/')).text)).toBe('<html lang="ko">');
  });

  test('returns to pages of this panel only, and no link that works once is carried along', async () => {
    const visitor = new Visitor(house);
    const answer = await visitor.submit('/theme?next=%2F%2Fexample.org', { theme: 'light', next: '//example.org' }, '/theme');
    expect(answer.headers.location).toBe('/');
    const { text } = await visitor.get(`/login/link/${'a'.repeat(43)}`);
    expect(text).toContain('href="/theme"');
  });
});

describe('the style page', () => {
  test.each(['ko', 'en'] as const)('shows every part of the look in %s on a machine of our own', async (language) => {
    const { status, text } = await new Visitor(house, language).get('/style');
    expect(status).toBe(200);
    for (const part of [
      'button-final',
      'has-error',
      'day-proven',
      'is-warn',
      'band-35',
      'band-14',
      'class="month"',
      'strip',
      'data-copy',
    ])
      expect(text).toContain(part);
    expect(text).not.toMatch(/style="|<style|onclick/);
  });

  test('does not exist where customers are', async () => {
    const open = await startPanel({ publicUrl: 'https://panel.example.com' });
    try {
      expect((await new Visitor(open).get('/style')).status).toBe(404);
    } finally {
      await open.close();
    }
  });
});
