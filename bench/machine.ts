// On what it was measured: without it a figure says nothing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** @param folder on the disk that is measured. @returns a line each: name and value */
export async function machine(folder: string): Promise<[string, string][]> {
  const { blocks, bsize } = await statfs(folder);
  return [
    ['Processor', `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores`],
    ['Memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['Disk', `${diskOf(folder)}, ${((blocks * bsize) / 2 ** 30).toFixed(0)} GiB`],
    ['System', `${type()} ${release()}, ${distribution()}`],
    ['Node.js', `${process.version}, OpenSSL ${process.versions.openssl}, SQLite ${process.versions.sqlite ?? 'unknown'}`],
    ['Date', new Date().toISOString().slice(0, 10)],
  ];
}

/** File system and device, as `df` names them. */
function diskOf(folder: string): string {
  const [, line = ''] = execFileSync('df', ['--output=fstype,source', folder], { encoding: 'utf8' }).trim().split('\n');
  return line.trim().split(/\s+/).join(' on ');
}

function distribution(): string {
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
}
