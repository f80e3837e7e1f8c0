// The raw limit of resumable uploads: node:http takes a body to the disk, then fsync, and the answer.
import { createWriteStream } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [folder = ''] = process.argv.slice(2);
let count = 0;
const server = createServer(async (req, res) => {
  const path = join(folder, `file-${++count}`);
  await pipeline(req, createWriteStream(path));
  const file = await open(path, 'r');
  await file.sync();
  await file.close();
  res.end();
  await unlink(path);
}).listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
