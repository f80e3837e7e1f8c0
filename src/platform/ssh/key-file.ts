// The panel's private key in a file of this machine.
import { open } from 'node:fs/promises';

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
