// SQL texts as dump programs write them, of any size, from a generator: no more than one statement is held.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** `extended`: rows of one statement together, a MiB or so, as mariadb-dump and most tools do · `single`: a statement a row · `copy`: PostgreSQL's own */
export type Shape = 'extended' | 'single' | 'copy';

const words = ['곳간', 'storehouse', '햇살 공방', "it''s", 'a longer piece of text that looks like a sentence of a post', '🌾'];
const statementBytes = 1 << 20;

/** @param bytes about so many @returns pieces of the text */
export function* sqlTextOf(shape: Shape, bytes: number): Generator<string> {
  yield 'CREATE TABLE posts (id int PRIMARY KEY, author int, title varchar(200), body text);\n';
  let [made, id] = [0, 0];
  while (made < bytes) {
    const rows: string[] = [];
    const most = shape === 'single' ? 1 : statementBytes;
    for (let size = 0; size < most && made + size < bytes; id += 1) {
      const row = rowOf(shape, id);
      rows.push(row);
      size += row.length + 60;
    }
    const piece = shape === 'copy' ? copyOf(rows) : `INSERT INTO posts VALUES ${rows.join(',')};\n`;
    made += Buffer.byteLength(piece);
    yield piece;
  }
}

function rowOf(shape: Shape, id: number): string {
  const body = Array.from({ length: 8 }, (_, at) => words[(id + at * 5) % words.length]).join(' ');
  const title = words[id % words.length];
  return shape === 'copy'
    ? `${id}\t${id % 97}\t${title}\t${body}`.replaceAll("''", "'")
    : `(${id},${id % 97},'${title}','${body}')`;
}

const copyOf = (rows: readonly string[]) => `COPY posts (id, author, title, body) FROM stdin;\n${rows.join('\n')}\n\\.\n\n`;

export async function writeText(path: string, shape: Shape, bytes: number): Promise<void> {
  await pipeline(Readable.from(sqlTextOf(shape, bytes)), createWriteStream(path));
}
