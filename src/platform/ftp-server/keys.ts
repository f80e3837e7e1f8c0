// What the panel and the FTP server of this machine share: the secret of RADIUS, and the word that true lines of the log begin and end with.
import { hkdfSync, randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export type FtpServerKeys = { readonly secret: string; readonly logWord: string };

/**
 * Both come from one file of mode 0600, which is made when there is none; the same file gives the same, so that the configuration that was
 * printed once stays right. Removed, it is drawn anew, and the configuration is to be printed again.
 * @param server name of a server on another machine: it has its own, so that whoever holds one server knows nothing of another
 * @throws Error when others can read the file, when it holds too little, or when it cannot be made
 */
export async function ftpServerKeys(file: string, server?: string): Promise<FtpServerKeys> {
  await mkdir(dirname(file), { recursive: true });
  await make(file);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new Error(`${file}: others than its owner may read it; it must be of mode 0600`);
  const text = (await readFile(file, 'utf8')).trim();
  if (text.length < 32) throw new Error(`${file}: 32 characters at least are needed; remove it, and it is made anew`);
  const of = (purpose: string) => (server === undefined ? purpose : `${purpose} of ${server}`);
  const derived = (purpose: string) => Buffer.from(hkdfSync('sha256', text, 'gotgan', of(purpose), 24)).toString('base64url');
  return { secret: derived('ftp radius'), logWord: derived('ftp log') };
}

/** Made by root, it belongs to whom the folder belongs to: the panel reads it too. */
async function make(file: string): Promise<void> {
  try {
    await writeFile(file, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === 'EEXIST') return;
    throw fault;
  }
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(file));
  await chown(file, uid, gid);
}
