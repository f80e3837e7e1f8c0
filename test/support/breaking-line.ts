// A line to a server that stands still, or breaks, after so many bytes of an answer: what happens to a telephone in a tunnel.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type BreakingLine = {
  /** After so many bytes more of one connection nothing comes any more, until `breakAll`. */
  holdAfter(bytes: number): void;
  /** After so many bytes more of one connection it is reset. */
  breakAfter(bytes: number): void;
  /** @returns once a connection stands still */
  held(): Promise<void>;
  breakAll(): void;
  close(): Promise<void>;
};

type Order = { readonly bytes: number; readonly what: 'hold' | 'break' };

/** @param port of 127.0.0.1, on which it listens. @param to where the server listens */
export async function breakingLine(port: number, to: AddressInfo | string | null): Promise<BreakingLine> {
  const target = (to as AddressInfo).port;
  const pairs = new Set<readonly [Socket, Socket]>();
  let order: Order | undefined;
  let standing = Promise.withResolvers<void>();
  const end = (pair: readonly [Socket, Socket]) => {
    for (const one of pair) one.resetAndDestroy();
  };
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    let passed = 0;
    far.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      const isOver = order && passed > order.bytes;
      if (!near.write(chunk)) far.pause();
      if (!isOver) return;
      const what = order?.what;
      order = undefined;
      if (what === 'break') return end(pair);
      near.removeAllListeners('drain');
      far.pause();
      standing.resolve();
    });
    near.on('drain', () => far.resume());
    near.on('data', (chunk) => far.write(chunk));
    for (const [one, other] of [pair, [far, near]] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    holdAfter(bytes) {
      standing = Promise.withResolvers();
      order = { bytes, what: 'hold' };
    },
    breakAfter(bytes) {
      order = { bytes, what: 'break' };
    },
    held: () => standing.promise,
    breakAll() {
      for (const pair of pairs) end(pair);
    },
    async close() {
      for (const pair of pairs) for (const one of pair) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
