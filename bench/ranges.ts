// An archive fetched in parts by Range, from the panel and by nginx on its word, beside nginx that serves the same file.
import { Agent, request } from 'node:http';
import { dirname, relative } from 'node:path';
import { nginxArchives } from '../src/platform/webserver/nginx.ts';
import { freePort, frontServer } from '../test/support/nginx.ts';
import type { Circumstances, Figure } from './figure.ts';
import { inTurn, median } from './load.ts';
import type { Running } from './program.ts';
import type { Visitor } from './visitor.ts';

const parts = 4;
/** Where nginx finds archives on the word of the panel (ACCEL_ARCHIVES). */
export const accelAddress = '/internal-archives';

export type Archive = {
  readonly site: string;
  /** of the backup */
  readonly id: string;
  readonly path: string;
  /** in bytes */
  readonly size: number;
  /** its size in words */
  readonly words: string;
};

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

type Asked = Pick<Circumstances, 'say'> & {
  readonly rounds: number;
  readonly program: Running;
  /** signed in of late */
  readonly visitor: Visitor;
  readonly archive: Archive;
  /** nginx in front of the panel sends on its word; the program was started with that */
  readonly isFront: boolean;
};

/** The same archive by one way: the panel alone, or nginx in front of it on its word. */
export async function rangeFigure({ say, rounds, program, visitor, archive, isFront }: Asked): Promise<Figure> {
  const { site, id, path, size, words } = archive;
  const archives = dirname(dirname(path));
  const port = await freePort();
  const raw = `location /raw/ { alias ${archives}/; }`;
  const locations = isFront ? `${raw}\n${nginxArchives(accelAddress, archives)}` : raw;
  const zones = 'limit_conn_zone $upstream_http_x_accel_customer zone=gotgan_archives:1m;';
  const nginx = await frontServer(port, Number(new URL(program.url).port), { locations, zones });
  try {
    const front = `http://127.0.0.1:${port}`;
    const ours = `${isFront ? front : program.url}/sites/${site}/backups/${id}/download`;
    const pairs = await inTurn(
      rounds,
      () => byRanges(ours, visitor.headers, size),
      () => byRanges(`${front}/raw/${relative(archives, path)}`, {}, size),
      ([one, other]) => say(`${one.toFixed(0)} MB/s; nginx: ${other.toFixed(0)} MB/s`),
    );
    const of = (at: 0 | 1) => median(pairs.map((pair) => pair[at]));
    const how = isFront ? 'sent by nginx on the word of the panel (X-Accel-Redirect)' : 'from the panel alone';
    const name = `download of an archive of ${words} in ${parts} parts by Range, ${how} ÷ nginx serving the same file`;
    return { name, unit: 'MB/s', ours: of(0), raw: of(1), bound: { atLeast: isFront ? 0.95 : 0.2 } };
  } finally {
    await nginx.close();
  }
}
