// One import as the worker makes it, in a process of its own: `node load-one.ts <access as JSON> <database> <file>` prints seconds and MiB as JSON.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { sqlText } from '../../src/databases/source.ts';
import { databaseServer } from '../../src/platform/database-server/open.ts';

const [access = '', name = '', path = ''] = process.argv.slice(2);
const server = databaseServer(JSON.parse(access));
const database = { name, user: name };
// Once before counting: what is loaded at the first text stays loaded.
await server.load(database, Readable.from([Buffer.from('CREATE TABLE before_it (id int);\nDROP TABLE before_it;\n')]));
globalThis.gc?.();
const resident = () => process.memoryUsage.rss() / 1048576;
const before = resident();
let most = before;
const watch = setInterval(() => {
  most = Math.max(most, resident());
}, 20);
const { size } = await stat(path);
const text = sqlText(createReadStream(path, { highWaterMark: 1 << 20 }), {
  packed: path.endsWith('.gz'),
  mostBytes: 64 * size + 2 ** 33,
});
const begun = performance.now();
let told = 0;
await server.load(database, text.stream, { maximumBytes: 2 ** 40, progress: ({ bytes }) => (told = bytes) });
const seconds = (performance.now() - begun) / 1000;
clearInterval(watch);
console.log(JSON.stringify({ seconds, grown: Math.max(0, most - before), told, read: text.readBytes() }));
