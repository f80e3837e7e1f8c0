#!/usr/bin/env node
// Checks the runtime before anything else loads, then hands over to the program.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';

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
// Node strips no types inside node_modules, so the published module carries its build.
const source = new URL('../src/cli.ts', import.meta.url);
const { run } = await import(existsSync(source) ? source.href : new URL('../dist/cli.js', import.meta.url).href);
process.exitCode = await run(process.argv.slice(2));
