// A site's files over SFTP, beside what OpenSSH's own programs need for the same: many small files and one large one, over loopback.
// As root, on a machine with openssh-server: `node bench/sftp.ts [files] [MiB]`.
import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import type { SiteReader } from '../src/platform/storage/port.ts';
import { sftpStorage } from '../src/platform/storage/sftp.ts';
import { RemoteSites } from '../test/support/remote-sites.ts';

const [files = 5000, mebibytes = 1024] = process.argv.slice(2).map(Number);
const smallBytes = 4096;
const aside = 16;

async function timed(what: string, act: () => unknown): Promise<void> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await act();
  const used = process.cpuUsage(cpu);
  const [seconds, own] = [(performance.now() - start) / 1000, (used.user + used.system) / 1e6];
  console.log(`${what}: ${seconds.toFixed(2)} s, of it ${own.toFixed(2)} s of this process`);
}

async function readAll(reader: SiteReader, paths: readonly string[][], wide: number): Promise<void> {
  const rest = [...paths];
  const one = async (into: Buffer) => {
    for (let path = rest.shift(); path; path = rest.shift()) {
      const file = await reader.open(path);
      if ((await file.read(into, 0)) !== smallBytes) throw new Error('a part is missing');
      await file.again();
      await file.close();
    }
  };
  await Promise.all(Array.from({ length: wide }, () => one(Buffer.alloc(smallBytes + 1))));
  await reader.close();
}

const sites = await RemoteSites.start();
try {
  const { server, user, root, folder } = await sites.make();
  const storage = sftpStorage({ server, user, root });
  const small = join(folder, 'small');
  const paths: string[][] = [];
  for (let index = 0; index < files; index++) {
    const parent = `folder-${Math.floor(index / 100)}`;
    if (index % 100 === 0) await mkdir(join(small, parent), { recursive: true });
    await writeFile(join(small, parent, `file-${index}`), Buffer.alloc(smallBytes, index));
    paths.push(['small', parent, `file-${index}`]);
  }
  const large = join(folder, 'large');
  spawnSync('dd', ['if=/dev/urandom', `of=${large}`, 'bs=1M', `count=${mebibytes}`], { stdio: 'ignore' });
  await new Promise((go) => setTimeout(go, 2500));

  const key = join(sites.folder, 'panel');
  await chmod(key, 0o600);
  const aim = ['-q', '-i', key, '-P', String(sites.port), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
  const target = join(sites.folder, 'fetched');
  const fetch = (program: string, what: string) => {
    const result = spawnSync(program, [...aim, '-r', `${user}@127.0.0.1:${root}/${what}`, target], { stdio: 'pipe' });
    if (result.status !== 0) throw new Error(String(result.stderr));
  };
  for (const round of [1, 2]) {
    console.log(`round ${round}`);
    await timed(`${files} files of 4 KiB, reader, one after another`, () => readAll(storage.reader(), paths, 1));
    await timed(`${files} files of 4 KiB, reader, ${aside} side by side`, () => readAll(storage.reader(), paths, aside));
    for (const program of ['sftp', 'scp']) {
      await timed(`${files} files of 4 KiB, ${program} -r`, () => fetch(program, 'small'));
      await rm(target, { recursive: true, force: true });
    }
    await timed(`${mebibytes} MiB, open as a stream to /dev/null`, async () =>
      pipeline((await storage.open(['large'])).stream, createWriteStream('/dev/null')),
    );
    for (const program of ['sftp', 'scp']) {
      await timed(`${mebibytes} MiB, ${program}`, () => fetch(program, 'large'));
      await rm(target, { force: true });
    }
  }
  const finished = join(sites.folder, 'finished');
  spawnSync('cp', [large, finished]);
  await timed(`${mebibytes} MiB, put`, () => storage.put(['put'], finished, 'create'));
} finally {
  await sites.close();
}
