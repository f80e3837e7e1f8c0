// SSH only on servers of the group ssh: kept by the database itself, whatever SQL anybody sends (KHADA 7.3).
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines, openTestDatabase } from '../support/databases.ts';

describe.each(engines)('on $name', ({ name: engine, missing }) => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  beforeEach(async (context) => {
    if (missing) return context.skip(missing);
    database = await openTestDatabase(engine);
    for (const [id, group] of [
      ['web-1', 'web'],
      ['ssh-1', 'ssh'],
      ['ssh-2', 'ssh'],
    ])
      await run(`insert into servers (id, name, server_group, address, storage, created_at, host_kind)
        values ('${id}', '${id}', '${group}', '', '', 1, 'folders')`);
    for (const [id, server] of [
      ['on-web', 'web-1'],
      ['on-ssh', 'ssh-1'],
    ])
      await run(`insert into sites (id, name, customer_id, order_id, server_id, quota_bytes, used_bytes, used_files, created_at, usage_changes)
        values ('${id}', '${id}', 'c', 'o-${id}', '${server}', 1, 0, 0, 1, 0)`);
    for (const site of ['on-web', 'on-ssh']) await request(`r-${site}`, site);
  });
  afterEach(() => database?.remove());

  const run = (statement: string) => database.write((tx) => sql.raw(statement).execute(tx));
  const request = (id: string, site: string) =>
    run(`insert into ssh_requests (id, customer_id, site_id, actor_person_id, key_kind, key_fingerprint, key_sealed, networks_sealed,
      ends_at, consent_id, consent_version, requested_at, approved_at) values ('${id}', 'c', '${site}', 'p', 'k', 'f', 's', 's', 9, 'x', 'v', 1, 2)`);
  const grant = (site: string, server: string, group: string, id = `r-${site}`) =>
    run(`insert into ssh_grants (request_id, site_id, server_id, server_group, ends_at, granted_at)
      values ('${id}', '${site}', '${server}', '${group}', 9, 1)`);
  const grants = async () =>
    (await database.db.selectFrom('ssh_grants').select('site_id').execute()).map(({ site_id }) => site_id);

  test('a site on a server of the group ssh can be granted SSH', async () => {
    await grant('on-ssh', 'ssh-1', 'ssh');
    expect(await grants()).toEqual(['on-ssh']);
  });

  test.each([
    ['a site on a web server, told as it is', 'on-web', 'web-1', 'web'],
    ['a site on a web server, whose group is told wrongly', 'on-web', 'web-1', 'ssh'],
    ['a site on a web server, as if it lay on the other one', 'on-web', 'ssh-1', 'ssh'],
    ['a site on another server of the group', 'on-ssh', 'ssh-2', 'ssh'],
    ['a site that does not exist', 'nowhere', 'ssh-1', 'ssh'],
    ['a server that does not exist', 'on-ssh', 'ssh-9', 'ssh'],
    ['a group that does not exist', 'on-ssh', 'ssh-1', 'SSH'],
  ])('%s cannot', async (_what, site, server, group) => {
    await expect(grant(site, server, group)).rejects.toThrow(/constraint/i);
    expect(await grants()).toEqual([]);
  });

  test('nothing can be granted without a request for that site', async () => {
    await expect(grant('on-ssh', 'ssh-1', 'ssh', 'r-never')).rejects.toThrow(/constraint/i);
    await expect(grant('on-ssh', 'ssh-1', 'ssh', 'r-on-web')).rejects.toThrow(/constraint/i);
    expect(await grants()).toEqual([]);
  });

  test('under a grant neither the group of the server nor the server of the site can be changed or removed', async () => {
    await grant('on-ssh', 'ssh-1', 'ssh');
    for (const statement of [
      `update servers set server_group = 'web' where id = 'ssh-1'`,
      `delete from servers where id = 'ssh-1'`,
      `update servers set id = 'other' where id = 'ssh-1'`,
      `update sites set server_id = 'web-1' where id = 'on-ssh'`,
      `update sites set server_id = 'ssh-2' where id = 'on-ssh'`,
      `delete from sites where id = 'on-ssh'`,
      `update ssh_grants set server_group = 'web'`,
      `update ssh_grants set server_id = 'web-1'`,
      `update ssh_grants set server_id = 'web-1', server_group = 'web'`,
      `update ssh_grants set site_id = 'on-web'`,
      `update ssh_grants set server_group = null`,
      `delete from ssh_requests where id = 'r-on-ssh'`,
    ])
      await expect(run(statement), statement).rejects.toThrow(/constraint|null value/i);
    expect(await grants()).toEqual(['on-ssh']);
    // Once it is over, the site may move again.
    await run('delete from ssh_grants');
    await run(`update sites set server_id = 'web-1' where id = 'on-ssh'`);
  });

  test('a site has one request that waits, and one grant in force', async () => {
    await grant('on-ssh', 'ssh-1', 'ssh');
    await request('r-second', 'on-ssh');
    await expect(grant('on-ssh', 'ssh-1', 'ssh', 'r-second')).rejects.toThrow(/constraint/i);
    await run(`update ssh_grants set closed_at = 5`);
    await grant('on-ssh', 'ssh-1', 'ssh', 'r-second');
    await run(`update ssh_requests set approved_at = null where id = 'r-on-web'`);
    await request('r-waiting', 'on-web');
    await expect(run(`update ssh_requests set approved_at = null where id = 'r-waiting'`)).rejects.toThrow(/constraint/i);
  });
});
