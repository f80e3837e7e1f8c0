// `gotgan check --homepage`: are the blocks on a page of the company's own the panel's words of today (KHADA 1.1, 7.6, 8.1, 8.2)?
import { parseArgs } from 'node:util';
import type { BlockName, Home } from './home/home.ts';
import type { BlockState } from './home/homepage.ts';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';
import { faultLine } from './platform/fault-line.ts';

const mostMilliseconds = 15_000;
const mostBytes = 4 * 1024 * 1024;

/** What a homepage has to say, and what a product page has to; with the clause. */
const onHomepage: readonly BlockName[] = ['officers', 'backup-location', 'backup-notice'];
const onProductPage: readonly BlockName[] = ['backup-notice', 'sla'];
const clauses: Readonly<Record<BlockName, string>> = {
  officers: 'KHADA 1.1',
  'backup-location': 'KHADA 7.6',
  'backup-notice': 'KHADA 8.1',
  sla: 'KHADA 8.2',
};

const explained: Readonly<Record<BlockState, string>> = {
  current: 'current',
  script: 'current, by script (who runs no scripts sees only what stands in its place)',
  stale: 'STALE: an earlier version; take the block anew',
  altered: 'ALTERED: its words or links are not those that its version stands for; take the block anew',
  hidden: 'HIDDEN: it is there, but nobody sees it',
  missing: 'MISSING',
};

const isGood = (state: BlockState) => state === 'current' || state === 'script';

export type PageArguments = { readonly homepage?: string; readonly product?: string; readonly plan?: string };

/** @returns the pages to look at; undefined when none is named */
export function pagesAsked(args: string[]): PageArguments | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args, options: { homepage: text, product: text, plan: text, 'go-live': { type: 'boolean' } } });
  if (values.plan !== undefined && values.product === undefined)
    throw new CommandRefused('check: --plan goes with --product <address>');
  return values.homepage === undefined && values.product === undefined ? undefined : values;
}

/** @throws CommandRefused when a page cannot be read, or a block on it is not as it should be */
export async function checkPages(
  { homepage, product, plan }: PageArguments,
  { home, choices }: Pick<Doors, 'home' | 'choices'>,
  say: (line: string) => void,
): Promise<void> {
  const pages = [
    ...(homepage === undefined ? [] : [{ address: homepage, names: onHomepage, plan: undefined }]),
    ...(product === undefined ? [] : [{ address: product, names: onProductPage, plan }]),
  ];
  // Only here: a worker has no need of a reader of HTML.
  const { blocksIn, stateOfBlock } = await import('./home/homepage.ts');
  let bad = 0;
  let looked = 0;
  for (const { address, names, plan: slug } of pages) {
    const { html, url } = await fetchPage(address);
    const found = blocksIn(html, url, choices.publicUrl);
    say(url);
    for (const name of names) {
      const state = await stateOfBlock(found, { name, plan: slug }, versionNow(home, name));
      say(`  ${name.padEnd(16)} ${explained[state]} (${clauses[name]})`);
      looked += 1;
      if (!isGood(state)) bad += 1;
    }
  }
  if (bad > 0)
    throw new CommandRefused(`${bad} of ${looked} blocks are not as they should be; docs/blocks.md says how to put them there.`);
}

const versionNow = (home: Home, name: BlockName) => (of: { language: string; plan: string | undefined }) =>
  home.blockVersion(name, of.language, of.plan);

/**
 * Reads a page as a visitor without scripts does.
 * @param patience milliseconds for all of it
 * @returns its text, and the address at which redirects ended
 * @throws CommandRefused naming the reason: no http(s) address, no answer in 15 s, a status other than 200, no HTML, over 4 MiB
 */
export async function fetchPage(address: string, patience = mostMilliseconds): Promise<{ html: string; url: string }> {
  if (!/^https?:$/.test(URL.canParse(address) ? new URL(address).protocol : ''))
    throw new CommandRefused(`${address}: is no http(s) address`);
  const headers = { Accept: 'text/html', 'User-Agent': 'gotgan-check' };
  const signal = AbortSignal.timeout(patience);
  try {
    const answer = await fetch(address, { headers, signal, credentials: 'omit' });
    const type = answer.headers.get('content-type') ?? '';
    if (answer.status !== 200) throw new CommandRefused(`${address}: was answered with ${answer.status}`);
    if (!/^(text\/html|application\/xhtml\+xml)\b/i.test(type)) throw new CommandRefused(`${address}: is no HTML but "${type}"`);
    return { html: decoded(await bytesOf(answer, address), type, address), url: answer.url || address };
  } catch (error) {
    if (error instanceof CommandRefused) throw error;
    if (signal.aborted) throw new CommandRefused(`${address}: did not answer within ${patience / 1000} s`);
    const cause = error instanceof Error && error.cause ? error.cause : error;
    const { code, says } = faultLine(cause);
    throw new CommandRefused(`${address}: cannot be read (${code ?? says})`);
  }
}

async function bytesOf(answer: Response, address: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.body ?? []) {
    size += piece.length;
    // Leaving the loop closes the connection.
    if (size > mostBytes) throw new CommandRefused(`${address}: is longer than ${mostBytes / 1024 / 1024} MiB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Korean homepages still come in EUC-KR: the header decides, then the page's own first kilobyte (HTML 13.2.3). */
function decoded(bytes: Buffer, type: string, address: string): string {
  const own = /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(bytes.subarray(0, 1024).toString('latin1'))?.[1];
  const label = /charset\s*=\s*"?([\w-]+)/i.exec(type)?.[1] ?? own ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    throw new CommandRefused(`${address}: its character set "${label}" is not known`);
  }
}
