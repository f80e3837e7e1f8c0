// The promise of a mailer, for files and for SMTP (a real server on loopback); a message is read back as a mail program reads it.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { StoppedClock } from '../../src/platform/clock.ts';
import { newMailer } from '../../src/platform/mail/mailer.ts';
import { outbox } from '../../src/platform/mail/outbox.ts';
import type { Letter, Mailer } from '../../src/platform/mail/port.ts';
import { connectionOf } from '../../src/platform/mail/smtp.ts';

const from = '곳간 호스팅 <no-reply@example.com>';
const link = `https://panel.example.com/verify/${'Aa1-_'.repeat(30)}?next=%2Fdashboard`;
const letter: Letter = {
  to: 'customer@example.net',
  subject: '가입을 마치려면 링크를 눌러 주세요 — 아주 긴 제목도 그대로 도착해야 합니다',
  text: `안녕하십니까.\n\n아래 링크를 눌러 가입을 마쳐 주십시오.\n\n${link}\n\n.점으로 시작하는 줄\n=20 이것은 그대로입니다.\n곳간 드림\n`,
  messageId: '019aaaaa-0000-7000-8000-000000000001',
};

/** Enough of RFC 5322 and 2045 for what we send. */
function read(raw: Buffer) {
  const text = raw.toString('utf8').replaceAll('\r\n', '\n');
  const border = text.indexOf('\n\n');
  const lines = text
    .slice(0, border)
    .replace(/\n[ \t]+/g, ' ')
    .split('\n');
  const words = (value: string) =>
    value
      .replace(/(=\?utf-8\?[qb]\?[^?]*\?=)\s+(?==\?)/gi, '$1')
      .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, kind: string, body: string) =>
        /b/i.test(kind) ? Buffer.from(body, 'base64').toString() : unquoted(body.replaceAll('_', ' ')),
      );
  const header = (name: string) =>
    lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => words(line.slice(name.length + 1).trim()));
  return { header, lines, body: decoded(text.slice(border + 2), header('content-transfer-encoding')[0] ?? '7bit') };
}

const unquoted = (text: string) => {
  const bytes = text
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
};

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8').replaceAll('\r\n', '\n');
  return encoding === 'quoted-printable' ? unquoted(body) : body;
}

type Box = {
  readonly mailer: Mailer;
  readonly received: () => Promise<Buffer[]>;
  readonly receivers: () => string[];
  readonly close: () => Promise<void>;
};

async function fileBox(): Promise<Box & { folder: string; lines: string[]; clock: StoppedClock }> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-outbox-'));
  const lines: string[] = [];
  const clock = new StoppedClock();
  const mailer = outbox(folder, { from, clock, logLine: (line) => lines.push(line) });
  const received = async () => Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name))));
  return {
    mailer,
    received,
    receivers: () => [],
    folder,
    lines,
    clock,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function smtpBox(): Promise<Box & { server: SMTPServer; url: string }> {
  const letters: Buffer[] = [];
  const receivers: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith('refused')) return done(Object.assign(new Error(`<${address}> is unknown`), { responseCode: 550 }));
      receivers.push(address);
      done();
    },
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        letters.push(Buffer.concat(chunks));
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const mailer = newMailer(url, { from });
  const close = async () => {
    await mailer.close();
    await new Promise<void>((resolve) => server.close(resolve));
  };
  return { mailer, received: async () => letters, receivers: () => receivers, server, url, close };
}

const open: Box[] = [];
const using = async <T extends Box>(box: Promise<T>): Promise<T> => {
  const opened = await box;
  open.push(opened);
  return opened;
};
afterEach(async () => {
  for (const box of open.splice(0)) await box.close();
});

const only = (list: readonly Buffer[]): Buffer => {
  expect(list.length).toBe(1);
  return list[0] ?? Buffer.alloc(0);
};

for (const [name, newBox] of [
  ['file', fileBox],
  ['smtp', smtpBox],
] as const) {
  describe(name, () => {
    test('a letter arrives with its Korean subject, sender and text, byte for byte', async () => {
      const { mailer, received } = await using<Box>(newBox());
      await mailer.check();
      await mailer.send(letter);
      const { header, body } = read(only(await received()));
      expect(header('subject')).toEqual([letter.subject]);
      expect(header('from')).toEqual([from]);
      expect(header('to')).toEqual([letter.to]);
      expect(header('message-id')).toEqual([`<${letter.messageId}@example.com>`]);
      expect(header('auto-submitted')).toEqual(['auto-generated']);
      expect(body).toBe(letter.text);
    });

    test('every attempt carries the same message id', async () => {
      const box = await using<Box & { clock?: StoppedClock }>(newBox());
      await box.mailer.send(letter);
      box.clock?.advance(1000);
      await box.mailer.send(letter);
      const ids = (await box.received()).map((raw) => read(raw).header('message-id')[0]);
      expect(ids).toEqual([`<${letter.messageId}@example.com>`, `<${letter.messageId}@example.com>`]);
    });

    test('line breaks in a subject, a message id or a name of a file add no header', async () => {
      const { mailer, received, receivers } = await using<Box>(newBox());
      const evil = 'x\r\nBcc: thief@example.org\r\n\r\n<b>';
      await mailer.send({
        ...letter,
        subject: evil,
        messageId: evil,
        attachments: [{ filename: evil, content: '약관', contentType: 'text/plain; charset=utf-8' }],
      });
      const { header, lines } = read(only(await received()));
      expect(header('bcc')).toEqual([]);
      expect(header('subject').length).toBe(1);
      expect(lines.some((line) => /^\s*(bcc|<b>)/i.test(line))).toBe(false);
      expect((await received())[0]?.toString()).not.toMatch(/^bcc:/im);
      expect(receivers()).not.toContain('thief@example.org');
    });

    test('a letter goes to one receiver only', async () => {
      const { mailer, received } = await using<Box>(newBox());
      for (const to of [
        'a@example.net, b@example.net',
        'a@example.net\r\nBcc: b@example.net',
        'A <a@example.net>',
        'nobody',
        'a@b@c',
        '',
      ]) {
        await expect(mailer.send({ ...letter, to })).rejects.toThrow('one plain address');
      }
      expect(await received()).toEqual([]);
    });

    test('attachments and an HTML part travel beside the text', async () => {
      const { mailer, received } = await using<Box>(newBox());
      const attachments = [{ filename: '이용약관.txt', content: '제1조', contentType: 'text/plain; charset=utf-8' }];
      await mailer.send({ ...letter, html: '<p>안녕하십니까.</p>', attachments });
      const raw = only(await received()).toString();
      expect(raw).toMatch(/^Content-Type: multipart\/mixed/im);
      expect(raw).toMatch(/^Content-Type: text\/html/im);
      expect(raw).toMatch(/filename\*0?\*?=/i);
    });
  });
}

test('in the outbox the text is readable and the link is whole, alone on its line', async () => {
  const { mailer, received } = await using(fileBox());
  await mailer.send({ ...letter, html: '<p>…</p>' });
  const lines = only(await received())
    .toString('utf8')
    .split('\n');
  expect(lines).toContain(link);
  expect(lines).toContain('아래 링크를 눌러 가입을 마쳐 주십시오.');
  expect(lines).toContain('Content-Transfer-Encoding: 8bit');
});

test('files of the outbox are named by time and id, closed to strangers, and the log names no person', async () => {
  const { mailer, folder, lines } = await using(fileBox());
  await mailer.send({ ...letter, subject: '가입 확인\n둘째 줄' });
  const name = '20261122T000000000Z-019aaaaa-0000-7000-8000-000000000001.eml';
  expect(await readdir(folder)).toEqual([name]);
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o640);
  expect(lines).toEqual([`letter ${name}`]);
});

test('an outbox that cannot be written refuses with 503', async () => {
  const { folder } = await using(fileBox());
  await writeFile(join(folder, 'a-file'), '');
  const mailer = outbox(join(folder, 'a-file'), { from });
  await expect(mailer.check()).rejects.toMatchObject({ status: 503 });
  await expect(mailer.send(letter)).rejects.toMatchObject({ status: 503 });
});

test('a mail server that refuses the receiver, or is down, is a 503 that does not repeat the address', async () => {
  const { mailer, url, close } = await using(smtpBox());
  const refusal = await mailer.send({ ...letter, to: 'refused@example.net' }).catch((error) => error);
  expect(refusal).toMatchObject({ status: 503, parameters: { code: 'EENVELOPE', answer: 550 } });
  expect(JSON.stringify(refusal)).not.toContain('refused@');
  await mailer.send(letter);
  open.pop();
  await close();
  const late = newMailer(url, { from });
  await expect(late.check()).rejects.toMatchObject({ status: 503 });
  await expect(late.send(letter)).rejects.toMatchObject({ status: 503 });
  await late.close();
});

test('letters leave this machine encrypted, unless the operator says otherwise', () => {
  expect(connectionOf('smtp://mail.example.com')).toMatchObject({ port: 587, secure: false, requireTLS: true });
  expect(connectionOf('smtp://mail.example.com').tls.rejectUnauthorized).toBe(true);
  expect(connectionOf('smtp://mail.example.com?tls=optional')).toMatchObject({ requireTLS: false });
  expect(connectionOf('smtp://127.0.0.1:2525')).toMatchObject({ host: '127.0.0.1', port: 2525, requireTLS: false });
  expect(connectionOf('smtp://[::1]:2525')).toMatchObject({ host: '::1', requireTLS: false });
  expect(connectionOf('smtps://a%40b:p%2Fw@mail.example.com')).toMatchObject({
    port: 465,
    secure: true,
    auth: { user: 'a@b', pass: 'p/w' },
  });
});

test('an address of mail or a sender that cannot be used is said in a sentence, without its password', () => {
  expect(() => newMailer('ftp://u:pw@x', { from })).toThrow('MAIL_URL: ftp is not known');
  expect(() => newMailer('file:/tmp/x', { from: 'nobody' })).toThrow(/^BRAND_SENDER/);
  expect(() => newMailer('smtp://:bad:port:', { from })).toThrow(/^MAIL_URL: not an address/);
});
