// The end on request: within ten seconds and with code 0, what was acknowledged is done, the rest goes on at the next start or never was.
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { engines } from '../support/databases.ts';
import { freePort } from '../support/embedding/installed.ts';
import { hiddenFields } from '../support/panel.ts';
import { untilGone } from '../support/program.ts';
import { Customer, type SentUpload } from './customer.ts';
import { House } from './house.ts';
import { breaches, unsettled } from './invariants.ts';
import { isShort, longTest, randomFrom, tell } from './seed.ts';

const random = randomFrom('ending');
const houses: House[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

for (const { name: engine, missing } of isShort ? engines.slice(0, 1) : engines) {
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    test('SIGTERM in the middle of uploads, a backup and letters that nobody takes', async () => {
      const house = await House.open({ engine });
      houses.push(house);
      await house.start();
      const customer = await new Customer(house, 'owner@example.com').arrive();
      const customers = [customer];
      const uploads: SentUpload[] = [];
      const backups: string[] = [];
      const noted = (upload: SentUpload) => uploads.push(upload);
      for (let i = 0; i < 4; i += 1) await customer.upload([{ name: `big-${i}.txt`, body: text(8_000_000) }], noted);
      expect((await house.stop()).code).toBe(0);

      // A mail server that says nothing holds a letter for ten seconds.
      const silent = createServer(() => {});
      const port = await freePort();
      await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
      const ends: number[] = [];
      for (let i = 0; i < (isShort ? 1 : 8); i += 1) {
        await house.start(i % 2 === 0 ? { MAIL_URL: `smtp://127.0.0.1:${port}` } : {});
        expect(await customer.signIn(customer.client)).toBe(200);
        const newcomer = new Customer(house, `new-${i}@example.com`);
        customers.push(newcomer);
        await newcomer.signUp();
        const slow = slowUpload(house, customer, `slow-${i}.txt`);
        // Refused while the one before still waits to be resumed.
        const backup = i < 4 ? await customer.backUp() : undefined;
        if (backup) backups.push(backup);
        const quick = customer.upload([{ name: `quick-${i}.txt`, body: text(3_000_000) }], noted).catch(() => {});
        await sleep(random() * 1500);
        const { code, milliseconds, workersGone } = await house.stop();
        expect([code, workersGone]).toEqual([0, true]);
        expect(milliseconds).toBeLessThan(10_000);
        ends.push(milliseconds);
        expect(await slow).not.toBe(303);
        await quick;
      }
      await new Promise((resolve) => silent.close(resolve));
      await house.start();
      expect(await unsettled(house, 120)).toEqual([]);
      expect(await breaches(house, { customers, uploads, removals: [], backups })).toEqual([]);
      tell(`SIGTERM on ${engine}`, {
        ends: ends.length,
        'slowest in ms': Math.max(...ends),
        'uploads acknowledged': uploads.filter((one) => one.location).length,
        'backups resumed and verified': backups.length,
      });
    });

    longTest(
      'a worker that makes a backup ends by itself when its panel was killed, and the backup is made after the next start',
      async () => {
        const house = await House.open({ engine });
        houses.push(house);
        await house.start();
        const customer = await new Customer(house, 'owner@example.com').arrive();
        const uploads: SentUpload[] = [];
        for (let i = 0; i < 4; i += 1)
          await customer.upload([{ name: `big-${i}.txt`, body: text(8_000_000) }], (one) => uploads.push(one));
        const backup = await customer.backUp();
        expect(
          await house.until(
            async () => (await house.count("select count(*) as count from backups where state = 'running'")) > 0,
            10,
          ),
        ).toBe(true);
        const worker = await house.worker();
        house.program.child.kill('SIGKILL');
        expect(await untilGone(worker, 60)).toBe(true);
        await house.killWeb();
        await house.start();
        expect(await unsettled(house, 120)).toEqual([]);
        expect(await breaches(house, { customers: [customer], uploads, removals: [], backups: [backup ?? 'none'] })).toEqual([]);
      },
    );
  });
}

/** Text that hardly compresses. */
function text(bytes: number): Buffer<ArrayBuffer> {
  const content = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 1) content[at] = 33 + Math.floor(random() * 90);
  return Buffer.from(content.toString('latin1').replaceAll('<', 'x'));
}

/** A form whose file arrives at 200 KB/s and never ends. @returns the status of the answer, or the fault */
async function slowUpload(house: House, customer: Customer, name: string): Promise<number | string> {
  const action = `/sites/${customer.site}/files/upload`;
  const page = await customer.client.get(`/sites/${customer.site}/files/www`);
  const border = 'slow-border';
  const fields = { ...hiddenFields(page.text, action), to: 'www', conflict: 'skip' };
  const part = (header: string, body: string) => `--${border}\r\nContent-Disposition: form-data; ${header}\r\n\r\n${body}\r\n`;
  const head = Object.entries(fields)
    .map(([field, value]) => part(`name="${field}"`, String(value)))
    .join('');
  return new Promise((resolve) => {
    const sending = request(`${house.origin}${action}`, {
      method: 'POST',
      headers: {
        'content-type': `multipart/form-data; boundary=${border}`,
        origin: house.origin,
        cookie: customer.client.cookiesFor(action),
      },
    });
    const timer = setInterval(() => sending.write('slow and steady\n'.repeat(1250)), 100);
    const end = (outcome: number | string) => {
      clearInterval(timer);
      resolve(outcome);
    };
    sending
      .on('response', (response) => end(response.statusCode ?? 0))
      .on('error', (error) => end(error.message))
      .on('close', () => end('closed'));
    sending.write(
      `${head}--${border}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n`,
    );
  });
}
