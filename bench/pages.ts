// Pages: how many dashboards a second, beside a bare Express and EJS page of the same bytes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unescaped } from '../test/support/panel.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { inTurn, type Load, loadPage, median } from './load.ts';
import { startProgram, startRaw } from './program.ts';
import { Visitor } from './visitor.ts';

const atOnce = 8;

export const pagesPart: Part = { name: 'pages', measure };

async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const program = await startProgram(join(folder, 'program'));
  try {
    const visitor = new Visitor(program);
    await visitor.settle('pages@example.com');
    const { text } = await visitor.get('/dashboard');
    const raw = await startRaw('page', [await template(text, join(folder, 'raw'))]);
    const seconds = long ? 5 : 1;
    const load = (url: string) => () => loadPage({ url, headers: visitor.headers, atOnce, seconds });
    // Code that ran some thousand times is compiled better: both are warm before they are compared.
    await inTurn(1, load(`${program.url}/dashboard`), load(`${raw.url}/page`));
    const pairs = await inTurn(long ? 5 : 3, load(`${program.url}/dashboard`), load(`${raw.url}/page`), ([page, bare]) =>
      say(`${inWords(page)}; bare: ${inWords(bare)}`),
    ).finally(raw.stop);
    const ours = pairs.map(([load]) => load);
    const limit = pairs.map(([, load]) => load);
    refuseOthers(ours);
    refuseOthers(limit);
    const perSecond = (loads: readonly Load[]) => median(loads.map((load) => load.perSecond));
    const size = `${Math.round(Buffer.byteLength(text) / 1000)} kB`;
    return [
      {
        name: `dashboards of ${size}, ${atOnce} at once ÷ a bare Express and EJS page of the same bytes`,
        unit: '1/s',
        ours: perSecond(ours),
        raw: perSecond(limit),
        bound: { atLeast: 0.25 },
      },
      {
        name: `dashboard, ${atOnce} at once: 95 of 100 within`,
        unit: 'ms',
        ours: median(ours.map(({ p95 }) => p95)),
        bound: { atMost: 30 },
      },
    ];
  } finally {
    await program.stop();
  }
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
