// Ends a session of ProFTPD on this machine: its process is asked to, once it is certain that it is that session's.
import { readFile } from 'node:fs/promises';

/** What became of it: `gone` when no such session runs any more. */
export type EndedSession = 'ended' | 'gone';

/**
 * ProFTPD writes the user into the title of each session's process (`proftpd: <client>: USER <user>` while it signs in, then
 * `proftpd: <user> - <client>: …`), and a number is used again by another process: so the title is read before anything is sent.
 * @param session as FtpSignIn.sessionId has it, the number of the process
 * @throws Error when this process has no right to end it
 */
export async function endSession({ session, user }: { session: string; user: string }): Promise<EndedSession> {
  if (!(await runs({ session, user }))) return 'gone';
  try {
    process.kill(Number(session), 'SIGTERM');
    return 'ended';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'gone';
    throw new Error(`the FTP session ${session} cannot be ended by this process`, { cause: error });
  }
}

/** @returns whether a process of this number is a session of this user, or becomes one just now */
export async function runs({ session, user }: { session: string; user: string }): Promise<boolean> {
  if (!/^[1-9]\d{0,9}$/.test(session) || Number(session) === process.pid) return false;
  const shown = await readFile(`/proc/${session}/cmdline`, 'latin1').catch(() => '');
  // ProFTPD shows the name as it was typed; names of accounts are in small letters.
  const [title, name] = [shown.replace(/\0+$/, '').toLowerCase(), user.toLowerCase()];
  return title.startsWith(`proftpd: ${name} - `) || (title.startsWith('proftpd: ') && title.endsWith(`: user ${name}`));
}
