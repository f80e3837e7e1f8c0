// The lock of a working folder between processes that come together, and that are killed with it in their hands.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from '../../src/platform/tier/working-lock.ts';

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const module = new URL('../../src/platform/tier/working-lock.ts', import.meta.url).href;

/** Tries at each line that it reads, and says how that went; it goes only when it is told to. */
const program = `
import { createInterface } from 'node:readline';
const { lockFolder } = await import(${JSON.stringify(module)});
let leave = async () => {};
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'leave') { await leave(); console.log('left'); continue; }
  try { leave = await lockFolder(${'process.argv[1]'}); console.log('in'); } catch (error) { console.log(error.code); }
}`;

function worker() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (word: string): Promise<string> => {
    child.stdin.write(`${word}\n`);
    return (await lines.next()).value ?? '';
  };
  return {
    enter: () => say('enter'),
    leave: () => say('leave'),
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const refused = { name: 'TierFault', code: 'BUSY' };

test('of many that come together in one process one alone is in', async () => {
  const all = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(folder)));
  const [leave, ...more] = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect([more.length, all.filter(({ status }) => status === 'rejected').length]).toEqual([0, 9]);
  await expect(lockFolder(folder)).rejects.toMatchObject(refused);
  await leave?.();
  await (await lockFolder(folder))();
});

test('of those that come upon what one that was killed held one alone takes it over, in this process and in others', async () => {
  for (let round = 0; round < 5; round++) {
    const [dead, ...others] = [worker(), worker(), worker()];
    expect(await dead.enter()).toBe('in');
    await dead.kill();
    const [here, there] = await Promise.all([
      Promise.allSettled(Array.from({ length: 30 }, () => lockFolder(folder))),
      Promise.all(others.map(({ enter }) => enter())),
    ]);
    const leave = here.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(leave.length + there.filter((said) => said === 'in').length).toBe(1);
    for (const go of [...leave, ...others.map((one) => one.leave)]) await go();
  }
}, 60_000);

test('what a killed one has started below the folder is ended; after an end of its own nothing is looked for', async () => {
  const below = join(folder, 'tree');
  await mkdir(below);
  const first = worker();
  expect(await first.enter()).toBe('in');
  const orphan = spawn('sleep', ['600'], { cwd: below });
  children.push(orphan);
  const ended = once(orphan, 'exit');
  await first.kill();
  await (await lockFolder(folder))();
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(await readdir(folder)).toEqual(['lock.db', 'tree']);
});

test('a folder that cannot be locked says so, and is not taken for busy', async () => {
  await writeFile(join(folder, 'lock.db'), 'x'.repeat(5000));
  await expect(lockFolder(folder)).rejects.not.toMatchObject(refused);
});
