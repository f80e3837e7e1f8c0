// The file manager with very many files: a folder of 100,000 entries, a search through 300,000 names, and a folder as ZIP beside Info-ZIP.
import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Amount, writeFiles } from './backup/files.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { inTurn, loadPage, median } from './load.ts';
import type { Running } from './program.ts';
import { receive } from './transfer.ts';
import { Visitor } from './visitor.ts';

const run = promisify(execFile);
/** What is searched for: in one name, which is in the last folder that a search comes to. */
const needle = '찾는파일';

export const managerPart: Part = { name: 'manager', measure };

async function measure(circumstances: Circumstances): Promise<Figure[]> {
  const program = await circumstances.programs.open(join(circumstances.folder, 'program'));
  try {
    const visitor = new Visitor(program);
    const site = await visitor.arrive('manager@example.com');
    const www = join(program.folder, 'data/sites', site, 'www');
    const at = { program, visitor, www, files: `${program.url}/sites/${site}/files/www` };
    return [await listed(at, circumstances), await found(at, circumstances), await zipped(at, circumstances)];
  } finally {
    await program.stop();
  }
}

type At = { readonly program: Running; readonly visitor: Visitor; readonly www: string; readonly files: string };

async function layEmpty(folder: string, names: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let from = 0; from < names.length; from += 500)
    await Promise.all(names.slice(from, from + 500).map((name) => writeFile(join(folder, name), '')));
}

const number = (value: number) => value.toLocaleString('en');
const names = (count: number, folder = 0) =>
  Array.from({ length: count }, (_, at) => (at % 3 === 0 ? `사진-${folder}-${at}.jpg` : `IMG_${folder}_${at}.JPG`));

async function listed({ visitor, www, files }: At, { long, say }: Circumstances): Promise<Figure> {
  const count = long ? 100_000 : 5000;
  await layEmpty(join(www, 'many'), names(count));
  const url = `${files}/many`;
  const { status, text } = await visitor.get(`${new URL(url).pathname}?page=7`);
  const rows = text.split('<th scope="row">').length - 1;
  if (rows !== 200) throw new Error(`the page of a long folder was answered with ${status} and ${rows} rows`);
  const load = await loadPage({
    url: `${url}?page=7`,
    headers: visitor.headers,
    atOnce: 1,
    ...(long ? { seconds: 20 } : { amount: 20 }),
  });
  if ([...load.statuses.keys()].some((status) => status !== 200)) throw new Error(`answered with ${[...load.statuses.keys()]}`);
  say(
    `a folder of ${number(count)}: half of the pages within ${load.p50.toFixed(0)} ms, 95 of 100 within ${load.p95.toFixed(0)} ms`,
  );
  return {
    ...{ name: `page of a folder with ${number(count)} entries: 95 of 100 within`, unit: 'ms' },
    ...{ ours: load.p95, bound: { atMost: 200 } },
  };
}

async function found({ visitor, www, files }: At, { long, say }: Circumstances): Promise<Figure> {
  const folders = long ? 300 : 10;
  const inFolder = 1000;
  for (let folder = 0; folder < folders; folder += 1)
    await layEmpty(join(www, 'deep', `album-${String(folder).padStart(3, '0')}`), names(inFolder, folder));
  await writeFile(join(www, 'deep', `album-${String(folders - 1).padStart(3, '0')}`, `${needle}.txt`), '');
  const seconds: number[] = [];
  for (let round = 0; round < (long ? 7 : 2); round += 1)
    seconds.push(await untilFound(visitor, `${new URL(files).pathname}/deep`));
  say(`found in the last of ${folders} folders after ${seconds.map((one) => one.toFixed(2)).join(', ')} s`);
  return {
    ...{
      name: `search through ${number(folders * inFolder)} names: the one that is found, in the last folder, after`,
      unit: 's',
    },
    ...{ ours: median(seconds), bound: { atMost: 1 } },
  };
}

/** Goes on from page to page, as a person does. @returns seconds until the first hit is shown */
async function untilFound(visitor: Visitor, folder: string): Promise<number> {
  const begun = performance.now();
  for (let next = `${folder}?q=${encodeURIComponent(needle)}`; ; ) {
    const { text } = await visitor.get(next);
    if (text.includes(`${needle}.txt`)) return (performance.now() - begun) / 1000;
    const on = /href="([^"]*[?&]after=[^"]*)"|href="([^"]*&amp;after=[^"]*)"/.exec(text);
    const href = on?.[1] ?? on?.[2];
    if (href === undefined) throw new Error('the file was not found');
    next = href.replaceAll('&amp;', '&');
  }
}

async function zipped({ visitor, www, files }: At, { long, folder, say }: Circumstances): Promise<Figure> {
  const amount: Amount = long ? { files: 20_000, bytes: 500_000_000 } : { files: 500, bytes: 12_500_000 };
  await mkdir(join(www, 'album'));
  await writeFiles(join(www, 'album'), amount);
  const raw = join(folder, 'raw.zip');
  const ours = async () => {
    const { bytes, seconds } = await receive(`${files}/album?do=zip`, visitor.headers);
    if (bytes < amount.bytes / 4) throw new Error(`the archive has only ${bytes} bytes`);
    return seconds;
  };
  const theirs = async () => {
    const begun = performance.now();
    await run('bash', ['-euo', 'pipefail', '-c', 'cd "$1" && zip -q -r - album | cat > "$2"', 'bash', www, raw]);
    return (performance.now() - begun) / 1000;
  };
  const pairs = await inTurn(long ? 3 : 1, ours, theirs, ([one, other]) =>
    say(`ZIP ${one.toFixed(2)} s; zip -r: ${other.toFixed(2)} s`),
  );
  if ((await stat(raw)).size < amount.bytes / 4) throw new Error('zip made too little');
  return {
    ...{ name: `ZIP of a folder of ${number(amount.files)} files, ${amount.bytes / 1e6} MB, streamed ÷ zip -r -`, unit: 's' },
    ...{ ours: median(pairs.map(([one]) => one)), raw: median(pairs.map(([, other]) => other)), bound: { atMost: 1 } },
  };
}
