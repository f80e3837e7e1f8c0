// The rules of views as functions of their text: nothing inline, nothing unescaped but what is counted, no words of their own (views/README.md).
import { parseAst } from 'vitest/node';

/** Without comments, whose examples are no markup. */
const withoutComments = (ejs: string) => ejs.replaceAll(/<%#[\s\S]*?%>/g, '').replaceAll(/<!--[\s\S]*?-->/g, '');

export const hangul = /[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]/;

/**
 * @param terms what is the same in every language: names of programs, of standards, of folders
 * @returns what a view breaks, each as a sentence
 */
export function viewFaults(name: string, ejs: string, terms: readonly string[] = []): string[] {
  const text = withoutComments(ejs);
  const markup = text.replaceAll(/<%[\s\S]*?%>/g, '');
  const found = (form: RegExp, what: string) => (form.test(markup) ? [`${name}: ${what}`] : []);
  return [
    ...found(/<style\b/i, 'a style of its own'),
    ...found(/\sstyle\s*=/i, 'an inline style'),
    ...found(/<script\b(?![^>]*\ssrc=)/i, 'an inline script'),
    ...found(/\son[a-z]+\s*=/i, 'an inline handler'),
    ...found(/\b(?:href|src|action)\s*=\s*["']?\s*javascript:/i, 'a script as an address'),
    ...found(/\b(?:src|href|action)\s*=\s*["'](?:https?:)?\/\//i, 'something from elsewhere'),
    ...(hangul.test(text) ? [`${name}: Korean outside of messages/`] : []),
    ...wordsOf(markup)
      .filter((words) => !terms.includes(words))
      .map((words) => `${name}: words outside of messages/, "${words}"`),
  ];
}

/** @returns what a page would print as it stands: text between tags and values that are read out, in letters of any language */
function wordsOf(markup: string): string[] {
  const between = markup.replaceAll(/<[^>]*>/g, '\n').split('\n');
  const read = [...markup.matchAll(/\b(?:alt|title|placeholder|aria-label)\s*=\s*"([^"]*)"/g)].map(([, value = '']) => value);
  return [...between, ...read].map((text) => text.replaceAll(/&\w+;/g, '').trim()).filter((text) => /\p{L}{2}/u.test(text));
}

/** @returns what a view prints without escaping, besides one part of a page or one icon: an expression that only begins so is another */
export function unescapedIn(ejs: string): string[] {
  const printed = [...withoutComments(ejs).matchAll(/<%-([\s\S]*?)[-_]?%>/g)].map(([, expression = '']) => expression.trim());
  return printed.filter((expression) => !isPart(expression));
}

type Statement = { readonly expression?: { readonly type: string; readonly callee?: { readonly name?: string } } };

function isPart(expression: string): boolean {
  const { body } = parseAst(`(${expression})`) as unknown as { body: readonly Statement[] };
  const call = body.length === 1 ? body[0]?.expression : undefined;
  return call?.type === 'CallExpression' && ['include', 'icon'].includes(call.callee?.name ?? '');
}
