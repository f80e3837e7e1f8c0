// The system's user of a site.
import * as fs from 'node:fs';
import { again, ending, failed, tool, unless } from './system.mjs';

/** Below it are the system's own users. */
export const leastUserId = 1000;

const userName = ({ prefix }, { name }) => `${prefix}${name}`;

/** @returns the system's user of this site, undefined where there is none. @throws when somebody else has the name */
export function userOf(settings, site) {
  const name = userName(settings, site);
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name))
    throw failed(`${name} can be no user of this system: names begin with a letter and have at most 32`);
  const { status, stdout } = tool('getent', ['passwd', name], { codesTaken: [0, 2] });
  if (status === 2) return undefined;
  const [, , uid, gid, comment] = stdout.trim().split(':');
  const user = { name, uid: Number(uid), gid: Number(gid) };
  if (comment !== `gotgan ${site.id}` || !(user.uid >= leastUserId) || !(user.gid >= leastUserId))
    throw ending('conflict', `the system has a user ${name} that is not of this site`);
  return user;
}

export function makeUser(settings, site, folder) {
  const name = userName(settings, site);
  // A group alone is what a useradd that was cut off leaves.
  const { status, stdout } = tool('getent', ['group', name], { codesTaken: [0, 2] });
  const [, , gid = '0', members = ''] = stdout.trim().split(':');
  if (status === 0 && (members !== '' || !(Number(gid) >= leastUserId)))
    throw ending('conflict', `the system has a group ${name} that is not of this site`);
  const group = status === 0 ? ['--no-user-group', '--gid', gid] : ['--user-group'];
  const home = ['--no-create-home', '--home-dir', folder, '--shell', '/usr/sbin/nologin'];
  const own = ['--comment', `gotgan ${site.id}`, '-K', 'SUB_UID_COUNT=0', '-K', 'SUB_GID_COUNT=0'];
  tool('useradd', [...home, ...group, ...own, ...(settings.memberOf ? ['--groups', settings.memberOf] : []), '--', name]);
  return userOf(settings, site);
}

/** No password fits `*`; `!` before it and a day long past keep keys out as well. */
export function setAccount(user, isOpen) {
  const day = isOpen ? '' : '1970-01-02';
  tool('usermod', ['--password', isOpen ? '*' : '!*', '--expiredate', day, '--', user.name]);
}

export function endProcesses(uid) {
  const isTheirs = (pid) => {
    const status = unless(['ENOENT', 'ESRCH'], () => fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
    const ids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
    return !/^State:\s+[ZX]/m.test(status) && ids.includes(String(uid));
  };
  for (let round = 0; round < 100; round++) {
    const theirs = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isTheirs(name));
    if (theirs.length === 0) return;
    for (const pid of theirs) unless(['ESRCH'], () => process.kill(Number(pid), 'SIGKILL'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  throw again('processes of this site do not end');
}
