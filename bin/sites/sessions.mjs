// Ends a session of this machine's FTP server: its process runs as the site's user, so the panel's own user may not.
import * as fs from 'node:fs';
import { failed, unless } from './system.mjs';

/** @throws with what is wrong */
export function sessionOf(session) {
  const { process: number, login } = session ?? {};
  if (typeof number !== 'string' || !/^[1-9]\d{0,9}$/.test(number)) throw failed('the process of the session is none');
  if (typeof login !== 'string' || !/^[a-z0-9][a-z0-9.-]{0,127}$/.test(login)) throw failed('the login of the session is none');
  return { process: number, login };
}

/** Numbers are used again, so it must be the site's own process, and say itself whose session it is. @returns whether there was one */
export function endSession(user, { process: number, login }) {
  const read = (name) => unless(['ENOENT', 'ESRCH'], () => fs.readFileSync(`/proc/${number}/${name}`, 'latin1')) ?? '';
  const ids = /^Uid:\s+(.*)$/m.exec(read('status'))?.[1]?.split(/\s+/) ?? [];
  // ProFTPD shows the name as it was typed.
  const isSession = read('cmdline').toLowerCase().startsWith(`proftpd: ${login} - `);
  if (!isSession || !ids.includes(String(user.uid))) return { ended: false };
  unless(['ESRCH'], () => process.kill(Number(number), 'SIGTERM'));
  return { ended: true };
}
