// An archive fetched in parts by Range, from the panel and by nginx on its word, beside nginx that serves the same file.
import { readdir, stat } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { nginxArchives } from '../src/platform/webserver/nginx.ts';
import { freePort, frontServer } from '../test/support/nginx.ts';
import type { Circumstances, Figure } from './figure.ts';
import { inTurn, median } from './load.ts';
import { startProgram } from './program.ts';
import { film } from './upload.ts';
import { Visitor } from './visitor.ts';

const parts = 4;
const rounds = 5;
const address = '/internal-archives';

/** Fetches all of it in parts, one after the other on one connection. @returns MB a second */
async function byRanges(url: string, headers: Record<string, string>, size: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const length = Math.ceil(size / parts);
  const begun = performance.now();
  try {
    for (let start = 0; start < size; start += length) {
      const end = Math.min(size, start + length) - 1;
      const bytes = await part(url, { ...headers, range: `bytes=${start}-${end}` }, agent);
      if (bytes !== end - start + 1) throw new Error(`${bytes} bytes of ${start} to ${end} came from ${url}`);
    }
    return size / 1e3 / (performance.now() - begun);
  } finally {
    agent.destroy();
  }
}

function part(url: string, headers: Record<string, string>, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers, agent }, (answer) => {
      let bytes = 0;
      if (answer.statusCode !== 206)
        reject(new Error(`${url} was answered with ${answer.statusCode} ${answer.headers.location ?? ''}`));
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      answer.once('error', reject).once('end', () => resolve(bytes));
    });
    call.once('error', reject).end();
  });
}

/** The same archive by one way: the panel alone, or nginx in front of it on its word. */
export async function rangeFigures({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const mebibytes = long ? 1024 : 102;
  const place = join(folder, 'ranges');
  const archives = join(place, 'data/archives');
  const figures: Figure[] = [];
  let made: { site: string; id: string; file: string } | undefined;
  for (const isFront of [false, true]) {
    const program = await startProgram(place, isFront ? { ACCEL_ARCHIVES: address } : {});
    const port = await freePort();
    const raw = `location /raw/ { alias ${archives}/; }`;
    const locations = isFront ? `${raw}\n${nginxArchives(address, archives)}` : raw;
    const zones = 'limit_conn_zone $upstream_http_x_accel_customer zone=gotgan_archives:1m;';
    const nginx = await frontServer(port, Number(new URL(program.url).port), { locations, zones });
    try {
      const visitor = new Visitor(program);
      made ??= await oneBackup(visitor, archives, mebibytes);
      await visitor.signIn('ranges@example.com');
      const { site, id, file } = made;
      const { size } = await stat(join(archives, site, file));
      const front = `http://127.0.0.1:${port}`;
      const ours = `${isFront ? front : program.url}/sites/${site}/backups/${id}/download`;
      const pairs = await inTurn(
        rounds,
        () => byRanges(ours, visitor.headers, size),
        () => byRanges(`${front}/raw/${site}/${file}`, {}, size),
        ([one, other]) => say(`${one.toFixed(0)} MB/s; nginx: ${other.toFixed(0)} MB/s`),
      );
      const of = (at: 0 | 1) => median(pairs.map((pair) => pair[at]));
      const how = isFront ? 'sent by nginx on the word of the panel (X-Accel-Redirect)' : 'from the panel alone';
      const name = `download of an archive of ${long ? '1 GiB' : `${mebibytes} MiB`} in ${parts} parts by Range, ${how} ÷ nginx serving the same file`;
      figures.push({ name, unit: 'MB/s', ours: of(0), raw: of(1), bound: { atLeast: isFront ? 0.95 : 0.2 } });
    } finally {
      await nginx.close();
      await program.stop();
    }
  }
  return figures;
}

async function oneBackup(visitor: Visitor, archives: string, mebibytes: number) {
  const site = await visitor.arrive('ranges@example.com');
  await visitor.upload(site, [film('film.mp4', mebibytes)]);
  const id = await visitor.backUp(site);
  const file = (await readdir(join(archives, site))).find((name) => name.endsWith('.zip')) ?? '';
  return { site, id, file };
}
