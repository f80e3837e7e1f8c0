// A file system so small that it can be filled, and that which fills it.
import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm, statfs, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @returns an empty small file system, or undefined where none may be mounted */
export async function smallDisk(megabytes: number): Promise<{ folder: string; unmount: () => void } | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-small-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'gotgan-faults', folder]).status === 0;
  if (mounted) return { folder, unmount: () => void spawnSync('umount', ['-l', folder]) };
  await rm(folder, { recursive: true });
  return undefined;
}

/** Takes all room but `left` bytes. @returns what gives it back */
export async function fill(folder: string, left: number): Promise<() => Promise<void>> {
  const path = join(folder, 'filler');
  const file = await open(path, 'w');
  const room = async () => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  };
  const piece = Buffer.alloc(65536);
  for (let free = await room(); free > left; free = await room()) {
    const { bytesWritten } = await file.write(piece, 0, Math.min(piece.length, free - left)).catch(() => ({ bytesWritten: 0 }));
    if (bytesWritten === 0) break;
  }
  await file.close();
  return () => unlink(path);
}
