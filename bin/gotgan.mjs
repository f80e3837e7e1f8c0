#!/usr/bin/env node
// Checks the runtime before anything else loads, then hands over to the program.
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Node.js ${process.version}: 22.18 이상이 필요합니다. npm ci 후 npm start 로 실행하면 함께 설치된 Node.js 24를 씁니다.\n` +
      `Node.js ${process.version}: 22.18 or newer is needed. After npm ci, npm start uses the Node.js 24 that came with it.`,
  );
  process.exit(1);
}
// Hashing runs in libuv's pool beside file access; the pool is sized before its first use (security.md B.5).
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism() + 2));
// What was compiled is kept with the data, where nobody else can write: a process that finds it takes 30 to 40 MB less memory and
// starts sooner. Threads and child processes find it by the variable.
const data = process.env.DATA_DIR || 'data';
if (existsSync(data)) process.env.NODE_COMPILE_CACHE ??= resolve(data, 'compile-cache');
if (process.env.NODE_COMPILE_CACHE) modules.enableCompileCache(process.env.NODE_COMPILE_CACHE);
// Node strips no types inside node_modules, so the published module carries its build.
const source = new URL('../src/start.ts', import.meta.url);
// What is read once while the program loads would let its nursery grow for good: 20 MiB of an idle panel (measured).
setFlagsFromString('--semi-space-growth-factor=1');
const { load } = await import(existsSync(source) ? source.href : new URL('../dist/start.js', import.meta.url).href);
const run = await load(process.argv[2]);
// Kept as it is now: what is compiled later, by whoever ran longest, would be brought into the memory of every process that starts.
modules.flushCompileCache?.();
setFlagsFromString('--semi-space-growth-factor=2');
process.exitCode = await run(process.argv.slice(2));
