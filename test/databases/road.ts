// A road to the real MariaDB server that can be cut, and on which one connection can be held up.
import { connect, createServer, type Socket } from 'node:net';
import { administrator } from '../support/database-servers.ts';

export type Road = Awaited<ReturnType<typeof openRoad>>;

export async function openRoad() {
  const { host, port } = administrator('mariadb');
  const open = new Set<Socket>();
  let passed = 0;
  let cutAfter = Number.POSITIVE_INFINITY;
  let isShut = false;
  let toHold = -1;
  let held: { near: Socket; goOn: () => void } | undefined;
  const watch = (near: Socket, far?: Socket) => {
    for (const socket of far ? [near, far] : [near]) {
      open.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          open.delete(socket);
          near.destroy();
          far?.destroy();
        });
    }
  };
  const join = (near: Socket) => {
    const far = connect(port, host);
    watch(near, far);
    far.pipe(near);
    near.on('data', (piece: Buffer) => {
      passed += piece.length;
      if (passed > cutAfter) return cut();
      far.write(piece);
    });
  };
  const server = createServer((near) => {
    if (isShut) return near.destroy();
    if (toHold-- !== 0) return join(near);
    watch(near);
    held = { near, goOn: () => join(near) };
  });
  const cut = () => {
    isShut = true;
    for (const socket of open) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    dieAfter: (bytes: number) => {
      passed = 0;
      cutAfter = bytes;
    },
    revive: () => {
      isShut = false;
      cutAfter = Number.POSITIVE_INFINITY;
    },
    /** Holds up the connection that comes after so many others. */
    holdAfter: (others: number) => {
      held = undefined;
      toHold = others;
    },
    /** whether one is held up, and whoever opened it still waits */
    isHeld: () => held !== undefined && !held.near.destroyed,
    goOn: () => held?.goOn(),
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
