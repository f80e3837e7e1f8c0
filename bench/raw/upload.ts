// The raw limit of uploads: multer to the disk, then fsync of each file, and the answer.
import { open, unlink } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import express from 'express';
import multer from 'multer';

const [folder = ''] = process.argv.slice(2);
const app = express();
app.post('/upload', multer({ dest: folder }).array('files'), async (req, res) => {
  const files = req.files as Express.Multer.File[];
  for (const { path } of files) {
    const file = await open(path, 'r');
    await file.sync();
    await file.close();
  }
  res.json({ files: files.length });
  for (const { path } of files) await unlink(path);
});
const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
