// What a page loads: how many requests, how many bytes, from where; and the budgets of ux.md 5.1.
import { gzipSync } from 'node:zlib';
import type { Request, Page as Tab } from 'playwright-core';

export type Kind = 'document' | 'stylesheet' | 'script' | 'image' | 'font' | 'other';

/** One answer. `bytes` are those of the body as a proxy would send it: text by gzip (the panel leaves that to the proxy in front). */
export type Arrived = { readonly url: string; readonly kind: Kind; readonly bytes: number };

export type Traffic = { arrived(): Promise<Arrived[]> };

const kinds: readonly string[] = ['document', 'stylesheet', 'script', 'image', 'font'];
const isText = /^(text\/|application\/(javascript|json)|image\/svg)/;

/**
 * Listens from here on, until it is asked.
 * @param weights bytes of what never changes below its address (`immutable`), which are counted once
 */
export function listen(tab: Tab, weights: Map<string, number>): Traffic {
  const requests: Request[] = [];
  const hear = (request: Request) => void requests.push(request);
  tab.on('request', hear);
  return {
    arrived: async () => {
      tab.off('request', hear);
      return (await Promise.all(requests.map((request) => arrived(request, weights)))).filter((one) => one !== undefined);
    },
  };
}

async function arrived(request: Request, weights: Map<string, number>): Promise<Arrived | undefined> {
  const url = request.url();
  const kind = kinds.includes(request.resourceType()) ? (request.resourceType() as Kind) : 'other';
  const response = await request.response();
  const known = weights.get(url);
  if (response && known !== undefined) return { url, kind, bytes: known };
  const body = await response?.body().catch(() => undefined);
  if (!response || !body) return undefined;
  const headers = response.headers();
  const bytes = isText.test(headers['content-type'] ?? '') ? gzipSync(body).length : body.length;
  if (headers['cache-control']?.includes('immutable')) weights.set(url, bytes);
  return { url, kind, bytes };
}

export type Budget = {
  readonly requests: number;
  readonly total: number;
  readonly document: number;
  readonly stylesheet: number;
  readonly script: number;
  readonly image: number;
};

const kilobyte = 1000;
const panel: Budget = { requests: 5, total: 40, document: 12, stylesheet: 12, script: 8, image: 8 };

/** ux.md 5.1, in kB. */
export const budgets = {
  public: { ...panel, requests: 4, total: 30, script: 0 },
  form: { ...panel, requests: 4, total: 30 },
  /** carries the full text of every document that is agreed to, and two behaviours */
  signUp: { ...panel, document: 20, total: 30 },
  /** two behaviours: the passkey, and the button that shows the password; a CAPTCHA is one picture more */
  login: { ...panel, total: 30 },
  panel,
  table: { ...panel, document: 20 },
  files: { ...panel, requests: 6, total: 60, document: 20, script: 26 },
} as const satisfies Record<string, Budget>;

/** @returns what goes beyond the budget at a first view */
export function beyond(budget: Budget, all: readonly Arrived[]): string[] {
  const of = (kind: Kind) => all.filter((one) => one.kind === kind).reduce((sum, { bytes }) => sum + bytes, 0);
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  // A person's browser asks for the icon, the one of tests not always.
  const count = all.filter(({ url }) => !url.includes('/favicon')).length + 1;
  const faults = count > budget.requests ? [`${count} requests, allowed are ${budget.requests}`] : [];
  for (const kind of ['document', 'stylesheet', 'script', 'image'] as const)
    if (of(kind) > budget[kind] * kilobyte) faults.push(`${kind}: ${of(kind)} bytes, allowed are ${budget[kind]} kB`);
  if (total > budget.total * kilobyte) faults.push(`${total} bytes in all, allowed are ${budget.total} kB`);
  if (of('font') > 0) faults.push('a font is downloaded');
  return faults;
}
