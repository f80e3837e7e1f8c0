// Large bodies over HTTP, from memory and to nowhere, so that only the other side's work and disk count.

import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';

/** A file of a form: its pieces one after the other; the same buffer may come again and again. */
export type Sent = { readonly name: string; readonly pieces: readonly Buffer[] };

export type Form = {
  readonly headers: Record<string, string>;
  readonly fields: Readonly<Record<string, string | string[]>>;
  readonly files: readonly Sent[];
};

const boundary = '----gotgan-benchmark';

/** Sends a multipart form whose length is known, as browsers do. */
export async function sendForm(url: string, { headers, fields, files }: Form): Promise<{ status: number; location: string }> {
  const pieces = [...formPieces(fields, files)];
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const call = request(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': length },
  });
  const answered = answerOf(call);
  for (const piece of pieces) if (!call.write(piece)) await Promise.race([once(call, 'drain'), answered]);
  call.end();
  return answered;
}

function* formPieces(fields: Form['fields'], files: readonly Sent[]): Generator<Buffer> {
  for (const [name, values] of Object.entries(fields))
    for (const value of [values].flat())
      yield Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  for (const { name, pieces } of files) {
    yield Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
    );
    yield* pieces;
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

function answerOf(call: ClientRequest): Promise<{ status: number; location: string }> {
  return new Promise((resolve, reject) => {
    call.once('error', reject).once('response', (answer) => {
      answer.resume().once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, location: answer.headers.location ?? '' }));
    });
  });
}

/** Reads an answer to its end. @returns its bytes, and how long that took from the question on, in seconds */
export function receive(url: string, headers: Record<string, string>): Promise<{ bytes: number; seconds: number }> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const call = request(url, { headers }, (answer) => {
      let bytes = 0;
      if (answer.statusCode !== 200)
        reject(new Error(`${url} was answered with ${answer.statusCode} ${answer.headers.location ?? ''}`));
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      answer.once('error', reject).once('end', () => resolve({ bytes, seconds: (performance.now() - begun) / 1000 }));
    });
    call.once('error', reject).end();
  });
}
