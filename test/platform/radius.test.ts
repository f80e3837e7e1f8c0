// Who may come in by FTP is asked by RADIUS: vectors of RFC 2865, packets that nobody should answer, and answers that must not be given.
import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { FtpHome, FtpSignIn } from '../../src/platform/ftp-server/port.ts';
import { answerRadius, type RadiusOptions } from '../../src/platform/ftp-server/radius.ts';
import { attribute, passwordOf, readRequest } from '../../src/platform/ftp-server/radius-packet.ts';

const secret = 'a secret of 32 characters or so.';
const home: FtpHome = { userId: 4321, groupId: 33, folder: '/srv/sites/first' };
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

const md5 = (...parts: readonly Buffer[]) => createHash('md5').update(Buffer.concat(parts)).digest();

function hidden(password: Buffer, authenticator: Buffer, key = secret): Buffer {
  const padded = Buffer.concat([password, Buffer.alloc((16 - (password.length % 16)) % 16)]);
  const blocks: Buffer[] = [];
  for (let at = 0; at < padded.length; at += 16) {
    const mask = md5(Buffer.from(key), blocks.at(-1) ?? authenticator);
    blocks.push(Buffer.from(mask.map((octet, index) => octet ^ (padded[at + index] ?? 0))));
  }
  return Buffer.concat(blocks);
}

type Asked = {
  user?: Buffer;
  password?: string;
  id?: number;
  key?: string;
  proofs?: number;
  more?: [number, Buffer][];
  plain?: boolean;
};

/** A request as the FTP server writes it, made here by the letter of the RFCs and by none of the code that is tested. */
function request({
  user = Buffer.from('first'),
  password = 'right',
  id = 7,
  key = secret,
  proofs = 1,
  more = [],
  plain,
}: Asked = {}) {
  const authenticator = randomBytes(16);
  const values: [number, Buffer][] = [
    [1, user],
    [2, hidden(Buffer.from(password), authenticator, key)],
    [31, Buffer.from('::ffff:203.0.113.9')],
    [32, Buffer.from(plain ? 'ftp' : 'ftps')],
    [44, Buffer.from('00012345')],
    ...more,
    ...Array.from({ length: proofs }, (): [number, Buffer] => [80, Buffer.alloc(16)]),
  ];
  const attributes = values.map(([type, value]) => Buffer.concat([Buffer.from([type, value.length + 2]), value]));
  const packet = Buffer.concat([Buffer.from([1, id, 0, 0]), authenticator, ...attributes]);
  packet.writeUInt16BE(packet.length, 2);
  const proof = createHmac('md5', key).update(packet).digest();
  for (let nth = 1; nth <= proofs; nth += 1) packet.set(proof, packet.length - 18 * nth + 2);
  return packet;
}

async function listening(options: Partial<RadiusOptions> = {}) {
  const judged: FtpSignIn[] = [];
  const faults: unknown[] = [];
  const { answer = async ({ password }: FtpSignIn) => (password === 'right' ? home : undefined) } = options;
  const server = await answerRadius({
    port: 0,
    secret,
    onFault: (fault) => faults.push(fault),
    ...options,
    answer: (attempt) => {
      judged.push(attempt);
      return answer(attempt);
    },
  });
  const socket: Socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const answers: Buffer[] = [];
  socket.on('message', (packet) => answers.push(packet));
  cleanUp.push(() => server.close());
  cleanUp.push(() => socket.close());
  const send = (packet: Buffer) => new Promise((resolve) => socket.send(packet, server.port, '127.0.0.1', resolve));
  const ask = async (packet: Buffer, milliseconds = 5000) => {
    const before = answers.length;
    await send(packet);
    for (const until = Date.now() + milliseconds; answers.length === before && Date.now() < until; ) await sleep(5);
    return answers[before];
  };
  return { server, judged, faults, answers, send, ask };
}

describe('a question of the FTP server', () => {
  test('a password is read as RFC 2865, 7.1 writes it', () => {
    const authenticator = Buffer.from('0f403f9473978057bd83d5cb98f4227a', 'hex');
    const values = new Map([[attribute.userPassword, Buffer.from('0dbe708d93d413ce3196e43f782a0aee', 'hex')]]);
    expect(passwordOf({ id: 0, authenticator, values }, Buffer.from('xyzzy5461'))?.toString()).toBe('arctangent');
  });

  test('the packet of RFC 2865, 7.1 itself has no Message-Authenticator, and is dropped', () => {
    const packet = `010000380f403f9473978057bd83d5cb98f4227a01066e656d6f02120dbe708d93d413ce3196e43f782a0aee0406c0a80110050600000003`;
    expect(readRequest(Buffer.from(packet, 'hex'), Buffer.from('xyzzy5461'))).toBeUndefined();
  });

  test('everything it says is handed on: who, from where, how, and in which session', async () => {
    const { ask, judged } = await listening();
    await ask(request({ user: Buffer.from('둘째'), password: '한글 비밀번호 that is longer than two blocks' }));
    await ask(request({ id: 8, plain: true }));
    const [first, second] = judged;
    const address = '203.0.113.9';
    expect(first).toEqual({
      ...{
        user: '둘째',
        password: '한글 비밀번호 that is longer than two blocks',
        address,
        sessionId: '12345',
        isEncrypted: true,
      },
    });
    expect(second).toMatchObject({ user: 'first', isEncrypted: false });
  });

  test('who may come in gets uid, gid, folder and shell, signed twice, with the Message-Authenticator first', async () => {
    const { ask } = await listening();
    const question = request();
    const answer = (await ask(question)) ?? Buffer.alloc(0);
    expect([answer[0], answer[1], answer.readUInt16BE(2)]).toEqual([2, 7, answer.length]);
    const asked = question.subarray(4, 20);
    expect(answer.subarray(4, 20)).toEqual(md5(answer.subarray(0, 4), asked, answer.subarray(20), Buffer.from(secret)));
    expect([...answer.subarray(20, 22)]).toEqual([80, 18]);
    const unsigned = Buffer.concat([answer.subarray(0, 4), asked, Buffer.from([80, 18]), Buffer.alloc(16), answer.subarray(38)]);
    expect(answer.subarray(22, 38)).toEqual(createHmac('md5', secret).update(unsigned).digest());
    const own = (type: number, value: Buffer) =>
      Buffer.concat([Buffer.from([26, value.length + 8, 0, 0, 0, 4, type, value.length + 2]), value]);
    const number = (value: number) => Buffer.from([0, 0, value >> 8, value & 255]);
    const granted = [
      own(10, number(4321)),
      own(11, number(33)),
      own(12, Buffer.from(home.folder)),
      own(13, Buffer.from('/bin/false')),
    ];
    expect(answer.subarray(38)).toEqual(Buffer.concat(granted));
  });

  test('who may not come in gets a signed refusal that tells no reason', async () => {
    const { ask } = await listening();
    const answer = (await ask(request({ password: 'wrong' }))) ?? Buffer.alloc(0);
    expect([answer[0], answer.length]).toEqual([3, 38]);
  });

  test.each([
    ['no Message-Authenticator', () => request({ proofs: 0 })],
    ['two of them', () => request({ proofs: 2 })],
    ['one made with another secret', () => request({ key: 'another secret of some length...' })],
    ['a changed user', () => Buffer.from(request()).fill('X', 22, 23)],
    ['another code', () => Buffer.from(request()).fill(4, 0, 1)],
    ['less than it says', () => request().subarray(0, 60)],
    ['nothing', () => Buffer.alloc(0)],
  ])('a packet with %s is dropped without a word', async (_what, packet) => {
    const { ask, judged } = await listening();
    expect(await ask(packet(), 150)).toBeUndefined();
    expect(judged).toEqual([]);
    expect((await ask(request()))?.[0]).toBe(2);
  });

  test('sent again it is answered again, the same, and judged once', async () => {
    const { ask, judged } = await listening({ answer: () => sleep(100, home) });
    const question = request();
    const [first, second] = [await ask(question), await ask(question)];
    expect(first).toEqual(second);
    expect(judged.length).toBe(1);
    await ask(request());
    expect(judged.length).toBe(2);
  });

  test('a name or password that is no text is refused, and nobody is asked', async () => {
    const { ask, judged } = await listening();
    expect((await ask(request({ user: Buffer.from([0xff, 0xfe]) })))?.[0]).toBe(3);
    expect(judged).toEqual([]);
  });
});

describe('an answer that must not be given', () => {
  const folder = home.folder;
  test.each<[string, FtpHome]>([
    ['root', { userId: 0, groupId: 33, folder }],
    ["root's group", { userId: 4321, groupId: 0, folder }],
    ['a number that is none', { userId: 1.5, groupId: 33, folder }],
    ['the number that means nobody', { userId: 0xffff_ffff, groupId: 33, folder }],
    ['a negative number', { userId: -2, groupId: 33, folder }],
    ['the whole machine', { userId: 4321, groupId: 33, folder: '/' }],
    ['a folder with steps', { userId: 4321, groupId: 33, folder: '/srv/sites/../..' }],
    ['a folder that is relative', { userId: 4321, groupId: 33, folder: 'srv' }],
    ['a folder with a variable of ProFTPD', { userId: 4321, groupId: 33, folder: '/srv/%u' }],
    ['a folder that would be cut', { userId: 4321, groupId: 33, folder: `/${'a'.repeat(247)}` }],
  ])('%s', async (_what, wrong) => {
    const { ask, faults } = await listening({ answer: async () => wrong });
    expect((await ask(request()))?.[0]).toBe(3);
    expect(faults).toHaveLength(1);
  });

  test('a judge that fails refuses', async () => {
    const { ask, faults } = await listening({
      answer: () => {
        throw new Error('the database is away');
      },
    });
    expect((await ask(request()))?.[0]).toBe(3);
    expect(String(faults)).toContain('the database is away');
  });

  test('a judge that takes too long refuses, and what it says afterwards is not sent', async () => {
    const { ask, answers, faults } = await listening({ patience: 100, answer: () => sleep(300, home) });
    expect((await ask(request()))?.[0]).toBe(3);
    await sleep(400);
    expect(answers).toHaveLength(1);
    expect(String(faults)).toContain('too late');
  });

  test('more than can be judged at once are refused at once; those being judged get their answer', async () => {
    const { send, answers, judged } = await listening({ atOnce: 3, answer: () => sleep(400, home) });
    for (let id = 0; id < 10; id += 1) await send(request({ id }));
    await sleep(200);
    expect([answers.length, judged.length]).toEqual([7, 3]);
    for (const until = Date.now() + 5000; answers.length < 10 && Date.now() < until; ) await sleep(20);
    expect(answers.filter(([code]) => code === 2)).toHaveLength(3);
  });

  test('only loopback is listened on, and only with a secret worth the name', async () => {
    await expect(answerRadius({ host: '0.0.0.0', port: 0, secret, answer: async () => undefined })).rejects.toThrow(RangeError);
    await expect(answerRadius({ port: 0, secret: 'short', answer: async () => undefined })).rejects.toThrow(RangeError);
  });
});

test('10,000 mutated packets let nobody in, break nothing and leave nothing behind', { timeout: 60_000 }, async () => {
  const { ask, send, judged, answers } = await listening({ answer: async () => undefined });
  const mutated = () => {
    const packet = Buffer.concat([request(), randomBytes(randomInt(3))]);
    for (let change = 0; change <= randomInt(4); change += 1) packet[randomInt(packet.length)] = randomInt(256);
    return packet.subarray(0, randomInt(2) ? packet.length : randomInt(packet.length + 1));
  };
  const some = async (count: number) => {
    for (let sent = 0; sent < count; sent += 1) {
      await send(mutated());
      // a datagram that finds no room is lost; here each is to be read
      if (sent % 20 === 0) await sleep(1);
    }
    await sleep(100);
  };
  await some(2000);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  await some(8000);
  globalThis.gc?.();
  expect((await ask(request({ id: 200 })))?.[0]).toBe(3);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(48 * 2 ** 20);
  expect(answers.some(([code]) => code === 2)).toBe(false);
  expect(judged.every(({ user }) => user === 'first')).toBe(true);
});
