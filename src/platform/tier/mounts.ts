// Which file system a folder lies on: a storage that is mounted from elsewhere is no backup, and no place to back up from (KHADA 8.7).
import { readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** File systems whose storage is another machine's; of `fuse`, sshfs and its like. */
const elsewhere = /^(nfs\d?|cifs|smb\w*|9p|afs|ceph|glusterfs|lustre|beegfs|ncpfs|davfs\d?|fuse(\..+)?)$/;

/**
 * @param path of a folder, which need not be there yet
 * @param table as `/proc/self/mountinfo` has it, for tests
 * @returns the kind of file system that is mounted there from another machine or by a program; undefined for a storage of this machine
 * @throws Error when the table cannot be read: then nobody knows
 */
export async function mountedFrom(path: string, table?: string): Promise<string | undefined> {
  const mounts = parse(table ?? (await readFile('/proc/self/mountinfo', 'utf8')));
  const place = await existing(resolve(path));
  let best: { at: string; kind: string } | undefined;
  for (const mount of mounts) {
    const holds = mount.at === '/' || place === mount.at || place.startsWith(`${mount.at}/`);
    // Of two at the same place the later one lies on top.
    if (holds && mount.at.length >= (best?.at.length ?? 0)) best = mount;
  }
  return best && elsewhere.test(best.kind) ? best.kind : undefined;
}

function parse(table: string): { at: string; kind: string }[] {
  return table.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const at = before.split(' ')[4];
    const kind = after.split(' ')[0];
    return at && kind
      ? [{ at: at.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))), kind }]
      : [];
  });
}

/** The nearest folder above that is there, links resolved. */
async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return real === '/' || at === path ? real : `${real}${path.slice(at.length)}`;
    if (at === '/') return path;
  }
}
