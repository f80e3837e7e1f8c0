// The promise of letters, with a real queue, a real outbox and every database that is at hand.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { day, hour, StoppedClock } from '../../src/platform/clock.ts';
import { tableQueue } from '../../src/platform/jobs/table-queue.ts';
import { Letters, type NewLetter } from '../../src/platform/mail/letters.ts';
import { outbox } from '../../src/platform/mail/outbox.ts';
import { Secrets } from '../../src/platform/secrets.ts';
import { engines, openTestDatabase } from '../support/databases.ts';

const address = 'kim.chulsoo@example.net';
const token = 'a-token-that-opens-an-account';
const letter: NewLetter = {
  template: 'verify',
  language: 'ko',
  to: address,
  parameters: { name: '김철수', token, hours: 24 },
  actorPersonId: 'person-1',
  customerId: 'customer-1',
};

for (const engine of engines) {
  describe.skipIf(engine.missing)(`${engine.name}${engine.missing ? ` (skipped: ${engine.missing})` : ''}`, () => {
    const clock = new StoppedClock();
    let database: Awaited<ReturnType<typeof openTestDatabase>>;
    let folder: string;
    let letters: Letters;
    let queue: ReturnType<typeof tableQueue>;
    let broken: boolean;

    beforeEach(async () => {
      database = await openTestDatabase(engine.name, clock);
      folder = await mkdtemp(join(tmpdir(), 'gotgan-letters-'));
      queue = tableQueue(database, { clock });
      broken = false;
      letters = new Letters({
        connection: database,
        queue,
        mailer: outbox(folder, { from: '곳간 <no-reply@example.com>', clock }),
        secrets: new Secrets('a secret of at least 32 bytes for tests'),
        clock,
        render: async (template, language, parameters) => {
          if (broken) throw new Error(`no way to ${address}`);
          return {
            subject: `${template} ${language}`,
            text: `${parameters.name}님\n\nhttps://panel.example.com/${parameters.token}\n`,
          };
        },
      });
    });
    afterEach(async () => {
      await database?.remove();
      await rm(folder, { recursive: true, force: true });
    });

    const drain = () => queue.drain({ 'letters.send': (run) => letters.send(String(run.payload.letterId), run.lastAttempt) });
    const sent = async () => Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    const row = () => database.db.selectFrom('letters').selectAll().executeTakeFirstOrThrow();
    const write = () => database.write((tx) => letters.queue(tx, letter));

    test('a letter of a transaction that failed is neither written nor sent', async () => {
      const attempt = database.write(async (tx) => {
        await letters.queue(tx, letter);
        throw new Error('on purpose');
      });
      await expect(attempt).rejects.toThrow('on purpose');
      expect(await drain()).toBe(0);
      expect(await database.db.selectFrom('letters').selectAll().execute()).toEqual([]);
    });

    test('a letter is sent once its cause is committed, and its row is emptied', async () => {
      await write();
      expect(await sent()).toEqual([]);
      expect(await drain()).toBe(1);
      const [message = ''] = await sent();
      expect(message).toContain('To: kim.chulsoo@example.net');
      expect(message).toContain(`\nhttps://panel.example.com/${token}\n`);
      expect(message).toContain(`Message-ID: <${(await row()).id}@example.com>`);
      expect(await row()).toMatchObject({
        template: 'verify',
        sent_at: clock.now(),
        recipient_sealed: null,
        parameters_sealed: null,
        actor_person_id: 'person-1',
        customer_id: 'customer-1',
        attempts: 1,
      });
    });

    test('a letter that was sent is not sent a second time', async () => {
      await write();
      const { id } = await row();
      await letters.send(id);
      clock.advance(1000);
      await letters.send(id);
      expect(await drain()).toBe(1);
      expect((await sent()).length).toBe(1);
      await letters.send('unknown');
    });

    test('a letter that cannot be sent is tried for hours, then kept sealed for the operator, who can send it again', async () => {
      broken = true;
      await write();
      for (let attempts = 0; attempts < 24; attempts += 1) {
        expect((await row()).failed_at).toBeNull();
        expect(await drain()).toBe(1);
        clock.advance(hour);
      }
      expect(await drain()).toBe(0);
      const failed = await row();
      expect(failed).toMatchObject({ attempts: 24, sent_at: null, last_error: 'Error: no way to …' });
      expect(failed.failed_at).toBe(clock.now() - hour);
      expect(failed.recipient_sealed).not.toBeNull();

      broken = false;
      await letters.retry(failed.id);
      expect(await drain()).toBe(1);
      expect((await sent()).length).toBe(1);
      expect(await row()).toMatchObject({ failed_at: null, recipient_sealed: null });
    });

    test('a failed letter that nobody sends again is emptied, and then left alone', async () => {
      broken = true;
      await write();
      const { id } = await row();
      await expect(letters.send(id, true)).rejects.toThrow();
      await letters.emptyFailed(clock.now());
      expect((await row()).recipient_sealed).not.toBeNull();
      clock.advance(30 * day);
      await letters.emptyFailed(clock.now());
      expect(await row()).toMatchObject({ recipient_sealed: null, parameters_sealed: null });
      await letters.retry(id);
      expect((await row()).failed_at).not.toBeNull();
    });

    test('nothing in the rows of a letter and its job names its receiver', async () => {
      broken = true;
      await write();
      await drain();
      const rows = JSON.stringify([await row(), await database.db.selectFrom('jobs').selectAll().execute()]);
      for (const value of [address, '김철수', token]) expect(rows).not.toContain(value);
    });

    test.skipIf(engine.name !== 'sqlite')('the files of the database hold no address, name or link in clear', async () => {
      broken = true;
      await write();
      await drain();
      const place = dirname(database.url.slice('sqlite:'.length));
      const files = (await readdir(place)).filter((name) => name.startsWith('panel.db'));
      const bytes = Buffer.concat(await Promise.all(files.map((name) => readFile(join(place, name)))));
      expect(bytes.includes('letters.send')).toBe(true);
      for (const value of [address, 'chulsoo', '김철수', token]) expect(bytes.includes(value)).toBe(false);
    });
  });
}
