// The thread that computes SHA-256 beside compression; a program of its own, started by digests.ts.
import { createHash, type Hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { DigestBatch, DigestResult } from './digests.ts';

const segments = (workerData as { segments: SharedArrayBuffer[] }).segments.map((shared) => Buffer.from(shared));
const hashes = new Map<number, Hash>();

const running = (id: number): Hash => {
  const known = hashes.get(id);
  if (known) return known;
  const made = createHash('sha256');
  hashes.set(id, made);
  return made;
};

function work(batch: DigestBatch): DigestResult {
  const digests: string[] = [];
  const segment = segments[batch.segment];
  for (const step of batch.steps) {
    if (step.act === 'update') running(step.id).update(segment?.subarray(step.start, step.end) ?? '');
    else if (step.act === 'copy') hashes.set(step.to, running(step.id).copy());
    else {
      if (step.act === 'digest') digests.push(running(step.id).digest('hex'));
      hashes.delete(step.id);
    }
  }
  return { segment: batch.segment, digests };
}

parentPort?.on('message', (batch: DigestBatch) => parentPort?.postMessage(work(batch)));
