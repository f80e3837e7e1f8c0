// Several who tell a server its list of keys at the same moment: whatever comes last there, the true list is told in the end.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { minute } from '../../src/platform/clock.ts';
import type { Entry } from '../../src/platform/site-host/port.ts';
import { Ssh } from '../../src/ssh/ssh.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { addSshServer, aLogin, ask, moveTo } from './asking.ts';

type Call = { readonly keys: number; readonly happen: () => void; readonly answer: () => void };

let house: TestPanel;
let ssh: Ssh;
let siteId: string;
let customerId: string;
/** what the server was told of this site, in the order in which it was done there */
let told: number[];
/** orders that have not reached the server yet */
let calls: Call[];
let isPatient = false;
let email: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  const letIn = ({ id }: { id: string }, { length: keys }: readonly Entry[]) =>
    new Promise((resolve) => {
      // Sites of tests before are told again where the panel's own worker tried and found no way to their server.
      const happen = () => void (id === siteId && told.push(keys));
      const call = { keys, happen, answer: () => resolve(aLogin) };
      if (isPatient) return calls.push(call);
      call.happen();
      call.answer();
    });
  const { doors } = house.panel;
  ssh = new Ssh({ ...doors, hostOf: () => ({ letIn }) as never });
});
afterAll(() => house?.close());

let count = 0;
beforeEach(async () => {
  [told, calls, isPatient] = [[], [], false];
  const owner = new Visitor(house);
  email = `owner${count++}@example.com`;
  const name = await owner.arrive(email);
  await moveTo(house, name, await addSshServer(house));
  await ask(house, owner, name);
  ({ id: siteId, customerId } = await house.panel.doors.sites.byName(name));
  const asked = (await ssh.grants.list()).find(({ request }) => request.siteId === siteId);
  await ssh.grants.approve(asked?.request.id ?? '');
  await jobs();
  expect(told).toEqual([1]);
});

/** What the worker does: the clock's round, and the job it asks for. */
const jobs = () => house.panel.doors.queue.drain({ 'ssh.write': (run) => ssh.grants.write(String(run.payload.siteId)) });
const rounds = async () => {
  isPatient = false;
  for (let times = 0; times < 2; times++) {
    house.clock.advance(minute);
    await ssh.grants.endDue();
    await jobs();
  }
};
const reached = async (number: number) => {
  while (calls.length < number) await new Promise((resolve) => setTimeout(resolve, 5));
};
const restrict = () => house.panel.doors.accounts.restrictions.restrict(customerId, 'unpaid');
const letters = async () =>
  (await house.letters()).filter((one) => one.includes(`To: ${email}`) && one.includes(aLogin.host)).length;

describe('a list of keys', () => {
  test('that is on its way while the customer is restricted does not stay', async () => {
    isPatient = true;
    const writing = ssh.grants.write(siteId);
    await reached(1);
    await restrict();
    calls[0]?.happen();
    calls[0]?.answer();
    await writing;
    isPatient = false;
    // At once, before the clock comes round.
    await jobs();
    expect(told).toEqual([1, 1, 0]);
  });

  test.each([
    ['first', [0, 1]],
    ['last', [1, 0]],
  ])('that a newer one has overtaken, and that is noted %s, does not stay', async (_when, order) => {
    isPatient = true;
    const older = ssh.grants.write(siteId);
    await reached(1);
    await restrict();
    const newer = ssh.grants.write(siteId);
    await reached(2);
    expect(calls.map(({ keys }) => keys)).toEqual([1, 0]);
    // The server does the newer one first, and so the older one is what it goes by.
    calls[1]?.happen();
    calls[0]?.happen();
    for (const index of order) {
      calls[index]?.answer();
      await [older, newer][index];
    }
    await rounds();
    expect(told.at(-1)).toBe(0);
    await house.panel.doors.accounts.restrictions.lift(customerId);
    await rounds();
    expect(told.at(-1)).toBe(1);
    const before = told.length;
    await rounds();
    // What is as it should be is not told again, and the letter with how to come in went out once.
    expect([told.length, await letters()]).toEqual([before, 1]);
  });

  test('whose writer died before it could note anything is told again', async () => {
    isPatient = true;
    void ssh.grants.write(siteId);
    await reached(1);
    calls = [];
    await rounds();
    expect(told).toEqual([1, 1]);
  });
});
