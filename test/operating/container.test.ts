// The container file without a container engine: each instruction is read, its files are there, and its commands run as it says, on a read-only root.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Machine, machineMissing, newMachine, release } from '../support/machine/machine.ts';

const repository = join(import.meta.dirname, '../..');
const missing = machineMissing();

type Instruction = { readonly name: string; readonly text: string };

/** @returns the instructions of each stage */
async function stages(): Promise<Instruction[][]> {
  const text = await readFile(join(repository, 'operations/Containerfile'), 'utf8');
  const instructions = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      if (name === '') throw new Error(`no instruction: ${line}`);
      return { name, text: rest };
    });
  return instructions.reduce<Instruction[][]>((all, one) => {
    if (one.name === 'FROM') all.push([]);
    all.at(-1)?.push(one);
    return all;
  }, []);
}

const only = (stage: readonly Instruction[], name: string) => stage.filter((one) => one.name === name).map(({ text }) => text);

describe('what it says', () => {
  test('is known to builders, and ends as a user without rights, with a volume and a health check', async () => {
    const [packages = [], final = []] = await stages();
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'VOLUME', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK', 'CMD'];
    for (const { name } of [...packages, ...final]) expect(known).toContain(name);
    expect(only(final, 'FROM')).toEqual(['docker.io/library/debian:bookworm-slim']);
    expect(only(final, 'USER')).toEqual(['10001']);
    expect(only(final, 'VOLUME')).toEqual(['/var/lib/gotgan']);
    expect(only(final, 'STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(only(packages, 'RUN')).toEqual([expect.stringMatching(/^npm ci --omit=dev /)]);
  });

  test('lets in exactly the files that it copies', async () => {
    const copied = (await stages())
      .flatMap((stage) => only(stage, 'COPY'))
      .filter((text) => !text.startsWith('--from='))
      .flatMap((text) => text.split(' ').slice(0, -1));
    const ignore = await readFile(join(repository, 'operations/Containerfile.dockerignore'), 'utf8');
    const letIn = ignore.split('\n').filter((line) => line.startsWith('!'));
    expect(letIn.map((line) => line.slice(1)).sort()).toEqual([...new Set(copied)].sort());
  });
});

describe.skipIf(missing)(`run as it says${missing ? ` (${missing})` : ''}`, () => {
  let machine: Machine;
  let context: string;
  beforeAll(async () => {
    context = await release(await mkdtemp(join(tmpdir(), 'gotgan-context-')), []);
    machine = await newMachine();
  }, 120_000);
  afterAll(async () => {
    await machine?.remove();
    await rm(context, { recursive: true, force: true });
  });

  const run = async (script: string) => {
    const { code, out, err } = await machine.sh(script, { CONTEXT: context });
    expect([code, code === 0 ? '' : `${script}\n${out}${err}`]).toEqual([0, '']);
    return out;
  };

  /** COPY and RUN, on the machine's own files. */
  async function build(stage: readonly Instruction[], root: string, from: string): Promise<void> {
    let workdir = '/';
    for (const { name, text } of stage) {
      if (name === 'WORKDIR') workdir = `${root}${text}`;
      if (name === 'WORKDIR') await run(`mkdir -p ${workdir}`);
      if (name === 'RUN') await run(`cd ${workdir} && ${text}`);
      if (name !== 'COPY') continue;
      const [, isFrom, names = ''] = /^(--from=packages )?(.+)$/.exec(text) ?? [];
      const parts = names.split(' ');
      const to = parts.pop();
      for (const part of parts)
        await run(`cd ${workdir} && cp -rT ${isFrom ? `${from}${part}` : `"$CONTEXT"/${part}`} ${to === './' ? part : to}`);
    }
  }

  test('the panel starts without rights on a read-only root, is found healthy, and ends when it is told to', async () => {
    const [packages = [], final = []] = await stages();
    await build(packages, '/opt/stage', '');
    await build(final, '', '/opt/stage');
    const [environment = ''] = only(final, 'ENV');
    const command = (text = '') => (JSON.parse(text) as string[]).map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const health = command(/CMD (\[.*\])$/.exec(only(final, 'HEALTHCHECK')[0] ?? '')?.[1]);
    const as = `setpriv --reuid=10001 --regid="$(id -g gotgan)" --clear-groups --no-new-privs --bounding-set=-all env -i ${environment}`;
    const cmd = command(only(final, 'CMD')[0]);
    await run(`cd /opt/gotgan
      unshare -m bash -c 'mount -o remount,ro,bind / && mount -o remount,ro /opt && cd /opt/gotgan && exec "$@"' - ${as} ${cmd} >/var/log/panel.log 2>&1 &
      echo $! >/run/panel.pid
      for i in $(seq 120); do ${as} ${health} && break; sleep 0.5; done
      ${as} ${health} || { cat /var/log/panel.log; exit 1; }`);
    expect(await run('ps -o user= -p "$(cat /run/panel.pid)"; ls /var/lib/gotgan; cat /var/log/panel.log')).toMatch(
      /^gotgan\n[\s\S]*panel\.db[\s\S]*secret\.key/,
    );
    await run(
      'kill -TERM "$(cat /run/panel.pid)"; for i in $(seq 100); do kill -0 "$(cat /run/panel.pid)" 2>/dev/null || exit 0; sleep 0.1; done; exit 1',
    );
    const { code } = await machine.sh(`cd /opt/gotgan && ${as} ${health}`);
    expect(code).toBe(1);
  }, 120_000);
});
