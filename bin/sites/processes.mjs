// Ends what runs as a site's user.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { again, environment, unless } from './system.mjs';

const rounds = 100;
const pauseMilliseconds = 20;

/** @returns ids of the processes of a user, and of what sshd holds of theirs as root: somebody let in just now is not yet the user */
function runningOf({ name, uid }) {
  const ids = fs.readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const read = (pid, file) => unless(['ENOENT', 'ESRCH'], () => fs.readFileSync(`/proc/${pid}/${file}`, 'utf8')) ?? '';
  return ids.filter((pid) => {
    const status = read(pid, 'status');
    if (/^State:\s+[ZX]/m.test(status)) return false;
    const owners = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
    if (owners.includes(String(uid))) return true;
    return owners[0] === '0' && /^sshd(-session)?: (\S+) \[priv\]/.exec(read(pid, 'cmdline'))?.[2] === name;
  });
}

/** As the user, and so all of theirs in one call of the system (kill(2), -1): what forks faster than anybody can look is ended as well. */
function endAll({ uid, gid }) {
  const options = { uid, gid, cwd: '/', env: environment, stdio: 'ignore', timeout: 1000, killSignal: 'SIGKILL' };
  return spawnSync('/bin/sh', ['-c', 'kill -s KILL -- -1'], options).status === 0;
}

/** Returns when nothing of theirs runs. @throws again */
export function endProcesses(user) {
  for (let round = 0; round < rounds; round++) {
    const areEnded = endAll(user);
    const left = runningOf(user);
    if (areEnded && left.length === 0) return;
    for (const pid of left) unless(['ESRCH'], () => process.kill(Number(pid), 'SIGKILL'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMilliseconds);
  }
  throw again('processes of this site do not end');
}
