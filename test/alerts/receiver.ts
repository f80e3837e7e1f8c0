// A customer's program that takes messages of a webhook: it answers as it is told, and keeps what came.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Got = { readonly headers: IncomingHttpHeaders; readonly body: string };

export type Receiver = {
  readonly url: string;
  readonly got: Got[];
  /** of the next answers */
  status: number;
  close(): Promise<void>;
};

export async function startReceiver(): Promise<Receiver> {
  const got: Got[] = [];
  const server = createServer(async (req, res) => {
    const pieces: Buffer[] = [];
    for await (const piece of req) pieces.push(piece);
    got.push({ headers: req.headers, body: Buffer.concat(pieces).toString() });
    res.writeHead(receiver.status, receiver.status === 302 ? { Location: '/elsewhere' } : {}).end('so it is');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    got,
    status: 204,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** As the specification of Standard Webhooks 1.0 has receivers do it. */
export function isSigned({ headers, body }: Got, secret: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
  const wanted = createHmac('sha256', key).update(signed).digest('base64');
  return String(headers['webhook-signature'])
    .split(' ')
    .some((one) => one === `v1,${wanted}`);
}
