// Asking for SSH in the words of tests: a server for it, a key of one's own, the form of the page.
import { generateKeyPairSync } from 'node:crypto';
import { day, LocalTime } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { Ssh } from '../../src/ssh/ssh.ts';
import type { TestPanel, Visitor } from '../support/panel.ts';

/** @returns a public key as OpenSSH has it in a `.pub` file */
export function publicKey(comment = 'kim@office'): string {
  const { publicKey: made } = generateKeyPairSync('ed25519');
  const bytes = Buffer.from(made.export({ format: 'jwk' }).x ?? '', 'base64url');
  const part = (text: string | Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  return `ssh-ed25519 ${Buffer.concat([part('ssh-ed25519'), part(bytes)]).toString('base64')} ${comment}`;
}

/** @returns the id of the server of the group `ssh`, which is made unless it is there */
export async function addSshServer({ panel, clock }: Pick<TestPanel, 'panel' | 'clock'>): Promise<string> {
  return panel.doors.connection.write(async (tx) => {
    const there = await tx.selectFrom('servers').select('id').where('server_group', '=', 'ssh').executeTakeFirst();
    if (there) return there.id;
    const id = newId(clock.now());
    const web = await tx.selectFrom('servers').selectAll().where('server_group', '=', 'web').executeTakeFirstOrThrow();
    await tx
      .insertInto('servers')
      .values({ ...web, id, name: 'ssh-1', server_group: 'ssh' })
      .execute();
    return id;
  });
}

/** What an operator's move of a site leaves in the database. */
export async function moveTo({ panel }: Pick<TestPanel, 'panel'>, site: string, serverId: string): Promise<void> {
  const nowhere = { home_folder: null, home_user_id: null, home_group_id: null, home_user: null };
  await panel.doors.connection.write((tx) =>
    tx
      .updateTable('sites')
      .set({ server_id: serverId, ...nowhere })
      .where('name', '=', site)
      .execute(),
  );
}

/** Sends the form of the page as somebody fills it in. */
export function ask(house: TestPanel, owner: Visitor, site: string, more: Record<string, string> = {}) {
  const until = new LocalTime('Asia/Seoul').day(house.clock.now() + 30 * day);
  const fields = { public_key: publicKey(), networks: '203.0.113.7', until, agree_ssh: '1', ...more };
  return owner.submit(`/sites/${site}/ssh`, fields);
}

/** What a server of these tests answers, to which nobody connects. */
export const aLogin = {
  user: 'site-kimgong',
  host: 'ssh1.hosting.example',
  port: 22,
  hostKeys: ['SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8'],
};

/** Has the site's request approved and opened, on a server that says it lets the key in. */
export async function grant({ panel, clock }: Pick<TestPanel, 'panel' | 'clock'>, site: string): Promise<void> {
  const { doors } = panel;
  await moveTo({ panel }, site, await addSshServer({ panel, clock }));
  const real = await doors.sites.byName(site);
  const host = new Proxy(await doors.sites.servers.host(real.serverId), {
    get: (own, name) => (name === 'letIn' ? async () => aLogin : Reflect.get(own, name)),
  });
  const ssh = new Ssh({ ...doors, hostOf: () => host });
  const { id } = real;
  const waiting = (await ssh.grants.list()).find(({ request }) => request.siteId === id);
  if (!waiting) throw new Error(`nothing was asked for at ${site}`);
  await ssh.grants.approve(waiting.request.id);
  await ssh.grants.write(id);
}
