// The raw limit of downloads: a file in pieces of 1 MiB, piped by bare node:http.
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

const [file = '', size = '0'] = process.argv.slice(2);
const server = createServer((_req, res) => {
  res.setHeader('Content-Length', size);
  pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), res).catch((error) => console.error(error));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
