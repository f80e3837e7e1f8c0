// A way through SSH to a port of another server: a socket in a folder that this process's user alone can enter, so that nobody else knocks there.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SshServer } from './server.ts';

export type TunnelOptions = {
  readonly server: SshServer;
  /** who may forward on the server */
  readonly user: string;
  /** as the server itself reaches it: its loopback, or a machine beside it */
  readonly to: { readonly host: string; readonly port: number };
  /** name of the socket in the folder, which clients look for */
  readonly socket: string;
};

export type Tunnel = {
  /** the folder with the socket (0700) */
  readonly folder: string;
  close(): Promise<void>;
};

/** Whoever connects gets a channel of its own; one that cannot be opened closes the socket, as a server does that refuses. */
export async function openTunnel({ server, user, to, socket }: TunnelOptions): Promise<Tunnel> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-line-'));
  const open = new Set<Socket>();
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client);
    client.on('error', () => {}).once('close', () => open.delete(client));
    carry(client, { server, user, to }).catch(() => client.destroy());
  });
  await listening(listener, join(folder, socket));
  return {
    folder,
    close: async () => {
      for (const client of open) client.destroy();
      await new Promise((resolve) => listener.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listening(listener: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject).listen(path, () => resolve());
    // A command at a terminal ends though a way is still open.
    listener.unref();
  });
}

async function carry(client: Socket, { server, user, to }: Omit<TunnelOptions, 'socket'>): Promise<void> {
  const { connection, release } = await server.hold(user);
  try {
    const channel = await connection.forward(to);
    const ended = new Promise((resolve) => channel.once('close', resolve));
    channel.on('error', () => {}).once('close', () => client.destroy());
    client.once('close', () => channel.destroy());
    if (client.destroyed) channel.destroy();
    client.pipe(channel).pipe(client);
    await ended;
  } finally {
    release();
  }
}
