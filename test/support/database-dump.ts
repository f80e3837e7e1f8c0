// Everything that a database keeps, as somebody who has taken it away would read it: the files of SQLite, a dump of PostgreSQL.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';

/** @param url `sqlite:<file>` (its log files are read too) or `postgres://…` (by pg_dump) */
export async function dumpOf(url: string): Promise<Buffer> {
  if (!url.startsWith('sqlite:')) {
    const { stdout } = await promisify(execFile)('pg_dump', [url], { maxBuffer: 2 ** 28, encoding: 'buffer' });
    return stdout;
  }
  const file = url.slice('sqlite:'.length);
  const names = (await readdir(dirname(file))).filter((name) => name.startsWith(basename(file)));
  return Buffer.concat(await Promise.all(names.map((name) => readFile(`${dirname(file)}/${name}`))));
}

/** @returns which of these texts stand in the dump in clear, also in hexadecimal or base64 as a program might have kept them */
export function inClear(dump: Buffer, texts: readonly string[]): string[] {
  const forms = (text: string) => [
    text,
    Buffer.from(text).toString('hex'),
    Buffer.from(text)
      .toString('base64')
      .replace(/.{1,2}=*$/, ''),
  ];
  return texts.filter((text) => forms(text).some((form) => dump.includes(form)));
}
