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

/** FTP with an account in every state, and sign-ins of all kinds. */
export async function everyKindOfAccount(
  house: TestPanel,
  customer: Visitor,
  site: string,
): Promise<{ readonly main: string; readonly locked: string }> {
  await openFtp(house, { host: 'ftp.example.kr', port: 21 });
  await withRoom(house, 5);
  const { connection, clock } = house.panel.doors;
  const { id: main } = await makeAccount(customer, site);
  await makeAccount(customer, site, { user: 'design-studio', allow_ips: '203.0.113.0/24\n2001:db8::/48', expires: '2026-12-31' });
  const { id: locked } = await makeAccount(customer, site, { user: 'old-camera' });
  const { id: off } = await makeAccount(customer, site, { user: 'before' });
  await customer.submit(`/sites/${site}/ftp`, {}, `/sites/${site}/ftp/accounts/${off}/off`);
  const now = clock.now();
  await connection.write((tx) => tx.updateTable('ftp_accounts').set({ plain_at: now }).where('id', '=', locked).execute());
  const user = `${site}.old-camera`;
  await ask(house, { user: site, address: '2001:db8:85a3:8d3:1319:8a2e:370:7348' });
  await ask(house, { user: `${site}.design-studio`, address: '203.0.113.7' });
  await ask(house, { user: `${site}.before`, address: '198.51.100.20' });
  for (let at = 0; at < 3; at += 1) await ask(house, { user, password: 'not-the-Right-1-one', address: `203.0.${at}.9` });
  await house.panel.doors.signIn.defence.waits.serve(
    house.panel.doors.signIn.otherDoors.nameOf({ door: 'ftp', name: user }),
    true,
  );
  return { main, locked };
}
