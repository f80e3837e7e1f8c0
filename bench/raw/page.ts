// The raw limit of pages: bare Express and one EJS template that answers the bytes of a page of ours, every word and address of it put in
// by EJS as ours are. Nothing is asked of a database, nobody is recognised, nothing is included.
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';

const [folder = ''] = process.argv.slice(2);
const values: unknown = JSON.parse(readFileSync(join(folder, 'values.json'), 'utf8'));
const app = express();
// Ours sends no ETag of a page either; making one would only slow this limit down.
app.disable('etag');
app.set('views', folder);
app.set('view engine', 'ejs');
app.set('view cache', true);
app.get('/page', (_req, res) => res.render('page', { values }));
const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
