// An archive that arrived whole on this machine: how it begins, its digest, and its way into the storage of archives.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, open } from 'node:fs/promises';
import { faultCode } from '../platform/storage/faults.ts';
import { storageFault } from '../platform/storage/to-disk.ts';

/** As every ZIP file begins: a member, or the directory of an empty one. */
const marks = [Buffer.from('PK\x03\x04'), Buffer.from('PK\x05\x06')];
export const markBytes = 4;

/** @param head its first four bytes, or fewer where no more are there. @returns false for what is no ZIP file for sure */
export const isZipHead = (head: Buffer): boolean => head.length < markBytes || marks.some((mark) => head.equals(mark));

/** @throws PanelError 503 */
export async function beginsAsZip(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(markBytes), 0, markBytes, 0);
      return isZipHead(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw storageFault(error);
  }
}

/** @returns SHA-256, hexadecimal. @throws PanelError 503 */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(piece as Buffer);
  } catch (error) {
    throw storageFault(error);
  }
  return hash.digest('hex');
}

/** The same bytes under a second name, which costs nothing on one file system; on another they are copied. @throws PanelError 503 */
export async function laidBeside(from: string, to: string): Promise<void> {
  try {
    await link(from, to).catch((error) => {
      if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes(faultCode(error) ?? '')) throw error;
      return copyFile(from, to);
    });
  } catch (error) {
    throw storageFault(error);
  }
}
