// Pages: how many dashboards and home pages a second, beside a bare Express and EJS page of the same bytes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unescaped } from '../test/support/panel.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { inTurn, type Load, loadPage, median } from './load.ts';
import { startRaw } from './program.ts';
import { Visitor } from './visitor.ts';

const atOnce = 8;

export const pagesPart: Part = { name: 'pages', measure };

async function measure({ long, folder, programs, say }: Circumstances): Promise<Figure[]> {
  const program = await programs.open(join(folder, 'program'));
  try {
    const visitor = new Visitor(program);
    await visitor.settle('pages@example.com');
    const beside = (path: string, headers: Record<string, string>) =>
      besideBare({ url: program.url, path, headers, long, say, raw: join(folder, `raw${path.replaceAll('/', '-')}`) });
    const dashboard = await beside('/dashboard', visitor.headers);
    // As a guest sees it: without a cookie.
    const home = await beside('/', { accept: 'text/html' });
    return [
      {
        name: `dashboards of ${dashboard.size}, ${atOnce} at once ÷ a bare Express and EJS page of the same bytes`,
        ...dashboard.perSecond,
        bound: { atLeast: 0.25 },
      },
      {
        name: `dashboard, ${atOnce} at once: 95 of 100 within`,
        unit: 'ms',
        ours: dashboard.p95,
        bound: { atMost: 30 },
      },
      {
        name: `home pages of ${home.size}, ${atOnce} at once ÷ a bare Express and EJS page of the same bytes`,
        ...home.perSecond,
        bound: { atLeast: 0.6 },
      },
    ];
  } finally {
    await program.stop();
  }
}

type Beside = {
  readonly url: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly raw: string;
} & Pick<Circumstances, 'long' | 'say'>;

/** Loads a page of the program and its bare copy in turn. */
async function besideBare({ url, path, headers, raw: folder, long, say }: Beside) {
  const answer = await fetch(url + path, { headers, redirect: 'manual' });
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
  const text = await answer.text();
  const raw = await startRaw('page', [await template(text, folder)]);
  const seconds = long ? 5 : 1;
  const load = (address: string) => () => loadPage({ url: address, headers, atOnce, seconds });
  const [page, bare] = [load(url + path), load(`${raw.url}/page`)];
  // Code that ran some thousand times is compiled better: both are warm before they are compared.
  await inTurn(1, page, bare);
  const pairs = await inTurn(long ? 5 : 1, page, bare, ([one, other]) =>
    say(`${path} ${inWords(one)}; bare: ${inWords(other)}`),
  ).finally(raw.stop);
  const [ours, limit] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
  refuseOthers(ours);
  refuseOthers(limit);
  const perSecond = (loads: readonly Load[]) => median(loads.map((one) => one.perSecond));
  return {
    size: `${Math.round(Buffer.byteLength(text) / 1000)} kB`,
    perSecond: { unit: '1/s', ours: perSecond(ours), raw: perSecond(limit) },
    p95: median(ours.map(({ p95 }) => p95)),
  };
}

/**
 * The page as a template of its own: every text and the value of every attribute is put in by EJS.
 * @returns the folder with `page.ejs` and `values.json`
 */
export async function template(html: string, folder: string): Promise<string> {
  const values: string[] = [];
  const value = (text: string) => `<%= values[${values.push(unescaped(text)) - 1}] %>`;
  const page = html
    .replace(/>([^<]*[^<\s][^<]*)</g, (_whole, text: string) => `>${value(text)}<`)
    .replace(/="([^"<>]+)"/g, (_whole, text: string) => `="${value(text)}"`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'page.ejs'), page);
  await writeFile(join(folder, 'values.json'), JSON.stringify(values));
  return folder;
}

function refuseOthers(loads: readonly Load[]): void {
  for (const { statuses } of loads)
    for (const status of statuses.keys()) if (status !== 200) throw new Error(`a page was answered with ${status}`);
}

const inWords = ({ perSecond, p95 }: Load) => `${perSecond.toFixed(0)}/s, 95 of 100 within ${p95.toFixed(1)} ms`;
