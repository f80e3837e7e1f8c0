// A company's own provisioning program, as docs/servers.md describes it: it makes sites in folders below the one that it is told.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PanelError } from '../../src/platform/errors.ts';
import { folderHost } from '../../src/platform/site-host/folders.ts';

const [base = ''] = process.argv.slice(2);
const host = folderHost({ root: join(base, 'sites'), closedRoot: join(base, 'closed') });

const pieces: Buffer[] = [];
for await (const piece of process.stdin) pieces.push(piece);
const input = Buffer.concat(pieces);
const lineEnd = input.indexOf(10);
const order = JSON.parse(input.subarray(0, lineEnd).toString());

async function done(): Promise<object> {
  const { act, site, backup } = order;
  if (act === 'check') await host.check(AbortSignal.timeout(1000));
  if (act === 'home') return host.homeOf(site);
  if (act === 'usage') return host.usage(site);
  if (isPlain(act)) await host[act](site);
  if (act === 'showBackup') {
    const archive = join(base, `.archive-${site.name}`);
    const body = input.subarray(lineEnd + 1);
    if (body.length !== backup.bytes) throw new Error('the archive is not whole');
    await writeFile(archive, body, { mode: 0o640 });
    await host.showBackup(site, backup.name, archive, backup.checksum);
    await rm(archive);
  }
  return {};
}

function isPlain(act: string): act is 'open' | 'suspend' | 'resume' | 'remove' | 'mend' {
  return ['open', 'suspend', 'resume', 'remove', 'mend'].includes(act);
}

const head = { version: 1, act: order.act, site: order.site?.id ?? null };
try {
  console.log(JSON.stringify({ ...(await done()), ...head, outcome: 'done' }));
} catch (error) {
  const outcome = error instanceof PanelError && error.status === 404 ? 'notFound' : 'failed';
  if (outcome === 'failed') process.exitCode = 1;
  console.log(JSON.stringify({ ...head, outcome }));
}
