// A block as a tree of elements: from it come its HTML, its plain text, the script that builds it without any markup, and its version.
import { createHash } from 'node:crypto';
import type { Language } from '../platform/web/words.ts';

type Attributes = Readonly<Record<string, string>>;
/** Text, or an element with its attributes and children. No element of a block is empty by nature, so each has an end tag. */
export type BlockNode = string | readonly [tag: string, attributes: Attributes, ...children: BlockNode[]];

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => signs[sign] ?? '');

export function htmlOf(node: BlockNode): string {
  if (typeof node === 'string') return escaped(node);
  const [tag, attributes, ...children] = node;
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  return `<${tag}${written.join('')}>${children.map(htmlOf).join('')}</${tag}>`;
}

/** What a reader of a block meets: its words and where its links lead. */
export type Content = { readonly text: string; readonly links: readonly string[] };

export function contentOf(node: BlockNode): Content {
  if (typeof node === 'string') return { text: node, links: [] };
  const [, { href }, ...children] = node;
  const inside = children.map(contentOf);
  // Elements are lines of their own for who reads the text; a version takes no notice of room between words.
  const text = inside.map((one) => one.text).join(isInline(node[0]) ? '' : ' ');
  return { text, links: [...(href === undefined ? [] : [href]), ...inside.flatMap(({ links }) => links)] };
}

const isInline = (tag: string) => /^(p|td|th|dd|dt|li|a|strong|h[1-6]|caption)$/.test(tag);

export type BlockId = { readonly name: string; readonly language: Language; readonly plan?: string | undefined };

/**
 * @returns 32 hex digits that change with any word or link. Room between words does not count: content management systems indent and break
 * lines as they like
 */
export function versionOf({ name, language, plan = '' }: BlockId, { text, links }: Content): string {
  const words = text.normalize('NFC').replace(/\s+/gu, '');
  const whole = JSON.stringify([name, language, plan, words, links]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 32);
}

/**
 * A script that puts the block into its place: the element that is named for it, else behind the script itself. It makes elements one by one
 * and writes no markup, so that it runs under a policy that demands Trusted Types.
 */
export function scriptOf(node: BlockNode, { name, plan }: BlockId): string {
  const place = `[data-gotgan-place="${name}"]${plan === undefined ? '' : `[data-gotgan-plan="${plan}"]`}`;
  return `(() => {
  const tree = ${JSON.stringify(node)};
  const build = (node) => {
    if (typeof node === 'string') return document.createTextNode(node);
    const [tag, attributes, ...children] = node;
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.map(build));
    return element;
  };
  const script = document.currentScript;
  const inPlace = () => {
    const place = document.querySelector(${JSON.stringify(place)});
    if (place) place.replaceChildren(build(tree));
    return place !== null;
  };
  const put = () => {
    if (!inPlace() && script && document.body.contains(script)) script.after(build(tree));
  };
  if (inPlace()) return;
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', put, { once: true });
  else put();
})();
`;
}
