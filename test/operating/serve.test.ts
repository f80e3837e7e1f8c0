// What `gotgan serve` says and leaves out: a mail server that is away, a worker that runs as a service of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../support/embedding/installed.ts';
import { childrenOf, gotgan, type Program } from '../support/program.ts';

let folder: string;
let program: Program | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-serve-'));
});
afterEach(async () => {
  program?.child.kill('SIGTERM');
  expect((await program?.ended)?.code).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

async function serve(args: readonly string[], environment: Record<string, string> = {}) {
  const port = String(await freePort());
  program = gotgan(['serve', ...args], { folder, environment: { PORT: port, ...environment } });
  await program.said(/http:\/\/localhost/);
  return { program, port };
}

test('a mail server that is away is told in one line without its password, and the pages are there all the same', async () => {
  const { program: serving, port } = await serve(['--no-worker'], { MAIL_URL: 'smtp://panel:hunter2@127.0.0.1:9' });
  await serving.said(/"level":40.*MAIL_URL: letters cannot be sent now \(ESOCKET\); they wait and are tried again\./);
  expect(serving.out()).not.toContain('hunter2');
  expect((await fetch(`http://127.0.0.1:${port}/plans`)).status).toBe(200);
});

test('with --no-worker no worker is started, and the panel ends when it is told to', async () => {
  const { program: serving, port } = await serve(['--no-worker']);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  await sleep(500);
  expect(await childrenOf(serving.pid)).toEqual([]);
});
