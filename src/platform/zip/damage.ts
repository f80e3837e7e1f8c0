// The error of an archive that is not what it should be, and reading that never goes on past a file's end.
import type { FileHandle } from 'node:fs/promises';

/** The archive is not what it should be; the message says where. */
export class DamagedArchive extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DamagedArchive';
  }
}

/** @throws DamagedArchive when the file ends before */
export async function readFully(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new DamagedArchive(`the archive ends before byte ${offset + length}`);
    done += bytesRead;
  }
  return bytes;
}
