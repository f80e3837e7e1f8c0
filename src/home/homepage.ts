// Looks for blocks in a page of the company's own: found, older than the panel's, or altered. A reader of HTML as browsers are (parse5).
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import type { Language } from '../platform/web/words.ts';
import { type BlockId, type Content, versionOf } from './block-nodes.ts';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** A block that stands in a page, or the script that puts it there. */
export type FoundBlock =
  | { readonly by: 'script'; readonly name: string; readonly plan: string | undefined; readonly language: string }
  | {
      readonly by: 'html';
      readonly name: string;
      readonly plan: string | undefined;
      readonly language: string;
      /** as it is marked */
      readonly version: string;
      /** as its words and links say */
      readonly actual: string;
      readonly isHidden: boolean;
    };

/**
 * `current`: in the panel's words of today. `script`: put there by the panel's script, so always of today, for who runs scripts. `stale`: in
 * words of before. `altered`: not in the words that its mark is for. `hidden`: nobody sees it
 */
export type BlockState = 'current' | 'script' | 'stale' | 'altered' | 'hidden' | 'missing';

/**
 * @param html text of a page
 * @param pageUrl where the page came from, for addresses that are not whole
 * @param panelUrl the panel's public address, whose scripts count
 */
export function blocksIn(html: string, pageUrl: string, panelUrl: string): FoundBlock[] {
  const found: FoundBlock[] = [];
  const walk = (node: Node, isHidden: boolean) => {
    const element = 'tagName' in node ? node : undefined;
    const hidden = isHidden || (element !== undefined && attribute(element, 'hidden') !== undefined);
    const script = element?.tagName === 'script' ? scriptBlock(element, pageUrl, panelUrl) : undefined;
    const block = element && htmlBlock(element, hidden);
    found.push(...[script, block].filter((one) => one !== undefined));
    // What stands in <template> is its content, not its children: nobody sees it, and it is not looked at.
    if ('childNodes' in node) for (const child of node.childNodes) walk(child, hidden);
  };
  walk(parse(html), false);
  return found;
}

const attribute = ({ attrs }: Element, name: string) => attrs.find((one) => one.name === name)?.value;

function htmlBlock(element: Element, isHidden: boolean): FoundBlock | undefined {
  const name = attribute(element, 'data-gotgan-block');
  if (name === undefined) return undefined;
  const [plan, language = '', version = ''] = ['data-gotgan-plan', 'lang', 'data-gotgan-version'].map((one) =>
    attribute(element, one),
  );
  const id: BlockId = { name, language: language as Language, plan };
  return { by: 'html', name, plan, language, version, actual: versionOf(id, contentOf(element)), isHidden };
}

function contentOf(node: Node): Content {
  if (node.nodeName === '#text' && 'value' in node) return { text: node.value, links: [] };
  const inside = 'childNodes' in node ? node.childNodes.map(contentOf) : [];
  const href = 'tagName' in node && node.tagName === 'a' ? attribute(node, 'href') : undefined;
  return {
    text: inside.map(({ text }) => text).join(''),
    links: [...(href === undefined ? [] : [href]), ...inside.flatMap(({ links }) => links)],
  };
}

function scriptBlock(element: Element, pageUrl: string, panelUrl: string): FoundBlock | undefined {
  const src = attribute(element, 'src');
  if (src === undefined || !URL.canParse(src, pageUrl)) return undefined;
  const url = new URL(src, pageUrl);
  const blocks = new URL(`${panelUrl.replace(/\/+$/, '')}/blocks/`);
  const name =
    url.origin === blocks.origin && url.pathname.startsWith(blocks.pathname) ? url.pathname.slice(blocks.pathname.length) : '';
  if (!name.endsWith('.js')) return undefined;
  const plan = url.searchParams.get('plan') ?? undefined;
  return { by: 'script', name: name.slice(0, -'.js'.length), plan, language: url.searchParams.get('lang') ?? 'ko' };
}

const best: readonly BlockState[] = ['current', 'script', 'stale', 'altered', 'hidden', 'missing'];

/**
 * @param wanted the block, for one plan or for any
 * @param expected the version that the panel shows now; undefined when it has no such block
 * @returns the best state among those found: a page may have a block in two languages
 */
export async function stateOfBlock(
  found: readonly FoundBlock[],
  wanted: { readonly name: string; readonly plan?: string | undefined },
  expected: (of: { language: string; plan: string | undefined }) => Promise<string | undefined>,
): Promise<BlockState> {
  const fits = found.filter(({ name, plan }) => name === wanted.name && (wanted.plan === undefined || plan === wanted.plan));
  const states = await Promise.all(
    fits.map(async (one): Promise<BlockState> => {
      const version = await expected(one);
      if (one.by === 'script') return version === undefined ? 'missing' : 'script';
      if (one.actual !== one.version) return 'altered';
      if (one.isHidden) return 'hidden';
      return one.version === version ? 'current' : 'stale';
    }),
  );
  return best.find((state) => states.includes(state)) ?? 'missing';
}
