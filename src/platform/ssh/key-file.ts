// The panel's private key in a file of this machine.
import { randomUUID } from 'node:crypto';
import { chown, link, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const forOthers = 0o077;

/**
 * @returns how SshServer asks for the key, read anew with every connection
 * @param path of an OpenSSH private key without a passphrase, 0600: a file that others may read is refused when it is asked for
 */
export function keyFile(path: string): () => Promise<string> {
  return async () => {
    const file = await open(path);
    try {
      const { mode } = await file.stat();
      if (mode & forOthers) throw Object.assign(new Error('The key may be read by others'), { code: 'readable by others' });
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  };
}

/**
 * @returns the public half, as the key file of a server wants it: `ssh-ed25519 AAAA… gotgan`. The key is made (Ed25519, 0600) where there
 * is none; made by root it belongs to whom the folder belongs to
 * @throws Error when the file cannot be read, made, or holds no key
 */
export async function publicKeyOf(path: string): Promise<string> {
  await make(path);
  const { default: ssh2 } = await import('ssh2');
  const key = ssh2.utils.parseKey(await keyFile(path)());
  if (key instanceof Error) throw new Error(`${path} holds no private key in OpenSSH's format: ${key.message}`);
  return `${key.type} ${key.getPublicSSH().toString('base64')} gotgan`;
}

/** Another process may make one at the same moment: the first whole key stays, and both read that. */
async function make(path: string): Promise<void> {
  if (await readFile(path).then(() => true, ifMissing)) return;
  const { default: ssh2 } = await import('ssh2');
  const { private: key } = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'gotgan' });
  const fresh = `${path}.${randomUUID()}`;
  try {
    await writeFile(fresh, key, { mode: 0o600, flag: 'wx' });
    if (process.getuid?.() === 0) {
      const { uid, gid } = await stat(dirname(path));
      await chown(fresh, uid, gid);
    }
    await link(fresh, path).catch(ifTaken);
  } finally {
    await rm(fresh, { force: true });
  }
}

function ifTaken(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function ifMissing(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOENT') throw error;
  return false;
}
