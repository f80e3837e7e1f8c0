// What is known of a site: a file of root's, written before anything is made and removed after everything is gone; and its lock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { trustedFolder } from './settings.mjs';
import { again, ending, environment, unless } from './system.mjs';

const statePath = ({ state }, { name }) => join(state, `${name}.json`);

export function recordOf(settings, site) {
  const text = unless(['ENOENT'], () => fs.readFileSync(statePath(settings, site), 'utf8'));
  const record = text === undefined ? undefined : JSON.parse(text);
  if (record && record.id !== site.id) throw ending('conflict', `the name ${site.name} belongs to another site`);
  return record;
}

export function keepRecord(settings, site, record) {
  const path = statePath(settings, site);
  writeWhole(`${path}.new`, JSON.stringify({ id: site.id, ...record }), 0o600);
  fs.renameSync(`${path}.new`, path);
  syncFolder(settings.state);
}

export function writeWhole(path, content, mode) {
  const file = fs.openSync(
    path,
    fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_TRUNC | fs.constants.O_NOFOLLOW,
    mode,
  );
  try {
    fs.writeFileSync(file, content);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

export function syncFolder(path) {
  const folder = fs.openSync(path, 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}

/** The lock is the system's and ends with this process, however that ends. @returns how to let go. @throws again */
export async function locked({ state }, what) {
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });
  trustedFolder(state);
  const holder = spawn('flock', ['-w', '50', join(state, `${what}.lock`), 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environment,
  });
  holder.stdin.on('error', () => {});
  holder.stdin.write('\n');
  const [held] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'close').then(() => [])]);
  if (!held) throw again('another act on this site is under way');
  return () => holder.stdin.end();
}

export function dropRecord(settings, site) {
  fs.rmSync(statePath(settings, site), { force: true });
  syncFolder(settings.state);
}
