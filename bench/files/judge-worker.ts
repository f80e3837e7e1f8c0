// A thread that judges files as uploads are judged, hashed on the way or not, and says what that took; a program of its own, started by ../policy.ts.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { ContentJudge } from '../../src/files/contents.ts';
import { judgeFile, usualRules } from '../../src/files/policy.ts';

export type Judging = {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly isHashed: boolean;
};

/** How long it took, by the clock and of processors. */
export type Took = { readonly seconds: number; readonly processorSeconds: number };

const chunkBytes = 256 * 1024;

/** As `judgeFile` reads, with the digest of a sender's checksum beside it. */
async function hashed(path: string): Promise<unknown> {
  const [judge, hash] = [new ContentJudge([path]), createHash('sha256')];
  const chunk = Buffer.allocUnsafeSlow(chunkBytes);
  const handle = await open(path, 'r');
  try {
    for (let at = 0; ; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      hash.update(chunk.subarray(0, bytesRead));
      judge.push(chunk.subarray(0, bytesRead));
    }
    hash.digest();
    return await judge.end();
  } finally {
    await handle.close();
  }
}

const { files, isHashed } = workerData as Judging;
// What is loaded with the first file of a kind stays loaded in a panel that runs.
for (const { path, bytes } of files.slice(0, 100))
  await judgeFile(
    { path: ['www', path.slice(path.lastIndexOf('/') + 1)], from: path, bytes: Math.min(bytes, chunkBytes) },
    usualRules,
  );
const begun = performance.now();
const before = process.cpuUsage();
for (const { path, bytes } of files) {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const refused = await (isHashed ? hashed(path) : judgeFile({ path: ['www', name], from: path, bytes }, usualRules));
  if (refused) throw new Error(`${name} was refused: ${JSON.stringify(refused)}`);
}
// Of the whole process, whose other threads only read for this one.
const { user, system } = process.cpuUsage(before);
const took: Took = { seconds: (performance.now() - begun) / 1000, processorSeconds: (user + system) / 1e6 };
parentPort?.postMessage(took);
