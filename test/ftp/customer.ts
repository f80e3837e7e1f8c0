// A customer with a site whose server has FTP, for tests of FTP: an account made on the page, and sign-ins as the server asks them.
import { createHash } from 'node:crypto';
import type { FtpHome, FtpSignIn } from '../../src/platform/ftp-server/port.ts';
import { type TestPanel, unescaped, type Visitor } from '../support/panel.ts';

export const ftpPassword = 'copper-Lantern-71-river';

/** Says where the FTP server of this machine is. */
export async function openFtp({ panel }: TestPanel, { host = '127.0.0.1', port = 21 } = {}): Promise<void> {
  await panel.doors.connection.write((tx) => tx.updateTable('servers').set({ ftp_host: host, ftp_port: port }).execute());
}

/** A plan with room: the smallest has one account. */
export async function withRoom({ panel }: TestPanel, accounts = 10): Promise<void> {
  await panel.doors.connection.write((tx) => tx.updateTable('plans').set({ ftp_accounts: accounts }).execute());
}

/** Makes an account on the page. @returns its id, and the answer's address */
export async function makeAccount(
  visitor: Visitor,
  site: string,
  fields: Record<string, string> = {},
): Promise<{ id: string; location: string }> {
  const before = await accountIds(visitor, site);
  const typed = { password: ftpPassword, path: '/www', ...fields };
  const answer = await visitor.submit(`/sites/${site}/ftp/account`, typed);
  if (answer.status !== 303) throw new Error(`no account was made: ${answer.status} ${faultsOf(answer.text)}`);
  const id = (await accountIds(visitor, site)).find((one) => !before.includes(one)) ?? '';
  return { id, location: answer.headers.location ?? '' };
}

/** @returns ids of accounts that this visitor may change, in the order of the page */
export async function accountIds(visitor: Visitor, site: string): Promise<string[]> {
  const { text } = await visitor.get(`/sites/${site}/ftp`);
  return [...new Set([...text.matchAll(/ftp\/accounts\/([0-9a-f-]{36})/g)].map(([, id = '']) => id))];
}

/** @returns what is said to be wrong, without markup */
export const faultsOf = (text: string) =>
  [...text.matchAll(/<p class="error">([\s\S]*?)<\/p>|<li><a href="#[^"]*">([^<]*)/g)]
    .map(([, one = '', other = '']) => unescaped(`${one}${other}`.replace(/<[^>]*>/g, '').trim()))
    .join(' | ');

export type Ask = Partial<FtpSignIn> & Pick<FtpSignIn, 'user'>;

/** A sign-in as the FTP server asks it, without one: for rules that need no client. */
export function ask({ panel }: TestPanel, attempt: Ask): Promise<FtpHome | undefined> {
  const sessionId = String(2 ** 22 + (createHash('sha256').update(JSON.stringify(attempt)).digest().readUInt16BE(0) % 1000));
  return panel.doors.ftp.answer({ password: ftpPassword, address: '203.0.113.9', isEncrypted: true, sessionId, ...attempt });
}
