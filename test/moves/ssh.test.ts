// An ordinary site that asks for SSH comes to a server of the group `ssh` by a move, and then its owner comes in through a real sshd (KHADA 7.3).

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../ssh/asking.ts';
import { type SshHouse, startSshHouse } from '../ssh/house.ts';
import { Visitor } from '../support/panel.ts';

let house: SshHouse;
beforeAll(async () => {
  house = await startSshHouse();
});
afterAll(() => house?.close());

const operator = { kind: 'operator' } as const;

test('a request that could only be refused is approved after the move, and the key opens the site; then it cannot go away', async () => {
  const owner = new Visitor(house);
  const name = await owner.arrive('owner@example.com');
  const { sites, moves, ssh } = house.panel.doors;
  await house.addServer();
  await writeFile(join(house.folder, 'sites', name, 'www/index.html'), 'mine');
  const key = await house.ssh.newKey();
  expect((await ask(house, owner, name, { public_key: key.line, networks: '127.0.0.1' })).status).toBe(303);
  const [waiting] = await ssh.grants.list();
  const requestId = waiting?.request.id ?? '';
  await expect(ssh.grants.approve(requestId)).rejects.toMatchObject({ status: 409, key: 'ssh.approve.webServer' });

  const wish = { to: 'ssh-1', keepDays: 1, evenDrained: false };
  const id = await moves.begin(await sites.byName(name), wish, operator);
  for (let rounds = 0; rounds < 20 && (await moves.byId(id))?.endedAt === null; rounds += 1) {
    await house.work();
    house.clock.advance(6000);
  }
  expect(await moves.byId(id)).toMatchObject({ step: 'done', fault: null });
  await ssh.grants.approve(requestId);
  await house.work();
  const user = house.ssh.userOf(name);
  const inside = await house.ssh.run(key, 'cat www/index.html', { user });
  expect([inside.code, inside.out]).toEqual([0, 'mine']);

  const away = { ...wish, to: 'this-machine' };
  await expect(moves.begin(await sites.byName(name), away, operator)).rejects.toThrow(/gotgan ssh end/);
});
