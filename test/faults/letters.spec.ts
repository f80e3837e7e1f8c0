// The outbox cannot be written, the mail server refuses, is gone, or dies in the middle of a letter: letters wait, none is lost or doubled.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../support/embedding/installed.ts';
import { Customer } from './customer.ts';
import { House } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { isShort, longTest, tell } from './seed.ts';

const houses: House[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

async function started(environment: Record<string, string> = {}): Promise<House> {
  const house = await House.open({ engine: 'sqlite', environment });
  houses.push(house);
  await house.start();
  return house;
}

async function signUps(house: House, count: number, from = 0): Promise<Customer[]> {
  const customers = Array.from({ length: count }, (_, i) => new Customer(house, `reader-${from + i}@example.com`));
  for (const customer of customers) expect(await customer.signUp()).toBe(303);
  return customers;
}

const waiting = (house: House) => house.count('select count(*) as count from letters where sent_at is null and attempts > 0');
const record = (customers: Customer[]) => ({ customers, uploads: [], removals: [], backups: [] });

longTest('an outbox that cannot be written keeps letters waiting; when it can, each comes once', async () => {
  const house = await started();
  const folder = join(house.folder, 'data/outbox');
  await rename(folder, `${folder}.away`).catch(() => mkdir(`${folder}.away`));
  await writeFile(folder, 'no folder');
  const customers = await signUps(house, 4);
  expect(await house.until(async () => (await waiting(house)) === 4, 120)).toBe(true);
  await rm(folder);
  await rename(`${folder}.away`, folder);
  expect(await unsettled(house)).toEqual([]);
  const letters = await house.letters();
  for (const { email } of customers)
    expect(letters.filter((letter) => letter.toLowerCase().includes(`to: ${email}`))).toHaveLength(1);
  expect(await breaches(house, record(customers))).toEqual([]);
});

test('a mail server that is gone, refuses, or dies in the middle of a letter takes each letter once', async () => {
  const port = await freePort();
  const house = await started({ MAIL_URL: `smtp://127.0.0.1:${port}` });
  const many = isShort ? 2 : 6;
  const accepted: string[] = [];
  const customers = await signUps(house, many);
  expect(await house.until(async () => (await waiting(house)) === many, 120)).toBe(true);
  const begun = { refused: 0, cut: 0 };
  for (const mode of ['refuse', 'die', 'take'] as const) {
    const server = mailServer(mode, accepted, begun);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    customers.push(...(await signUps(house, many, customers.length)));
    const seen = async () => (mode === 'refuse' ? begun.refused >= many : mode === 'die' ? begun.cut >= many : false);
    if (mode === 'take') expect(await unsettled(house, 120)).toEqual([]);
    else expect(await house.until(seen, 120)).toBe(true);
    await new Promise<void>((resolve) => server.close(resolve));
  }
  const rows = await house.rows('select id from letters');
  const times = rows.map(({ id }) => accepted.filter((message) => message.includes(String(id))).length);
  expect(times).toEqual(rows.map(() => 1));
  expect(rows).toHaveLength(customers.length);
  expect(await breaches(house, record(customers))).toEqual([]);
  tell('mail server', {
    letters: rows.length,
    'refused before': begun.refused,
    'cut off in the middle': begun.cut,
    accepted: accepted.length,
  });
});

/** `refuse`: 451 for every receiver · `die`: hangs up once the letter's bytes begin · `take`: accepts. */
function mailServer(mode: 'refuse' | 'die' | 'take', accepted: string[], begun: { refused: number; cut: number }): SMTPServer {
  const server: SMTPServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => {
      if (mode !== 'refuse') return done();
      begun.refused += 1;
      done(Object.assign(new Error('come later'), { responseCode: 451 }));
    },
    onData: (stream, session, done) => {
      if (mode === 'die') {
        begun.cut += 1;
        stream.resume();
        for (const connection of server.connections) if (connection.id === session.id) connection._socket.destroy();
        return;
      }
      const bytes: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => bytes.push(chunk));
      stream.on('end', () => {
        accepted.push(Buffer.concat(bytes).toString());
        done();
      });
    },
  });
  server.on('error', () => {});
  return server;
}
