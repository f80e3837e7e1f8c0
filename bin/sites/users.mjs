// The system's user of a site.
import { nextNumber } from './numbers.mjs';
import { leastUserId } from './settings.mjs';
import { ending, failed, tool } from './system.mjs';

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

export async function makeUser(settings, site, folder) {
  const name = userName(settings, site);
  // A group alone is what an opening that was cut off leaves.
  const { status, stdout } = tool('getent', ['group', name], { codesTaken: [0, 2] });
  const [, , known = '0', members = ''] = stdout.trim().split(':');
  if (status === 0 && (members !== '' || !(Number(known) >= leastUserId)))
    throw ending('conflict', `the system has a group ${name} that is not of this site`);
  const number = String(await nextNumber(settings));
  if (status !== 0) tool('groupadd', ['--gid', number, '--', name]);
  const ids = ['--uid', number, '--no-user-group', '--gid', status === 0 ? known : number];
  const home = ['--no-create-home', '--home-dir', folder, '--shell', '/usr/sbin/nologin'];
  const own = ['--comment', `gotgan ${site.id}`, '-K', 'SUB_UID_COUNT=0', '-K', 'SUB_GID_COUNT=0'];
  tool('useradd', [...ids, ...home, ...own, ...(settings.memberOf ? ['--groups', settings.memberOf] : []), '--', name]);
  return userOf(settings, site);
}

/** No password fits `*`; `!` before it and a day long past keep keys out as well. */
export function setAccount(user, isOpen) {
  const day = isOpen ? '' : '1970-01-02';
  tool('usermod', ['--password', isOpen ? '*' : '!*', '--expiredate', day, '--', user.name]);
}
