// Messages to addresses of customers: to the Internet and nowhere else, whatever a name leads to; in time, and without following anybody.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createPlain } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inNetworks } from '../../src/platform/web/networks.ts';
import { httpsPost } from '../../src/platform/webhook/https.ts';
import { isPublicAddress } from '../../src/platform/webhook/public-addresses.ts';

const nothing = inNetworks('');
const message = (url: string) => ({ url, headers: { 'Content-Type': 'application/json' }, body: '{}' });

describe('an address', () => {
  test.each([
    ...['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '192.167.1.1', '223.255.255.255'],
    ...['2606:4700:4700::1111', '2a00:1450:4001:82a::200e'],
  ])('%s is of the Internet', (address) => expect(isPublicAddress(address)).toBe(true));

  test.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.8.8.8', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
    ...['192.0.0.8', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '255.255.255.255'],
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '::ffff:7f00:1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::1',
      '100::1',
      '2001::1',
    ],
    ...['2001:db8::1', '2002:7f00:1::', '3fff::1', '5f00::1', 'fc00::1', 'fd12::1', 'fe80::1', 'fe80::1%eth0', 'ff02::1'],
    ...['', 'localhost', '127.1', '0x7f000001', '2130706433'],
  ])('"%s" is not', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a message', () => {
  let server: Server;
  let silent: ReturnType<typeof createPlain>;
  let port: number;
  let silentPort: number;
  let asked = 0;

  beforeAll(async () => {
    server = createServer((req, res) => {
      asked += 1;
      if (req.url === '/away') res.writeHead(302, { Location: `http://127.0.0.1:${port}/there` });
      res.end('x'.repeat(100_000));
    });
    silent = createPlain(() => {});
    await Promise.all([server, silent].map((one) => new Promise<void>((resolve) => one.listen(0, '127.0.0.1', () => resolve()))));
    port = (server.address() as AddressInfo).port;
    silentPort = (silent.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    silent.close();
  });

  test.each([
    ['http://127.0.0.1:%', 'private'],
    ['http://[::1]:%', 'private'],
    ['http://[::ffff:127.0.0.1]:%', 'private'],
    ['http://localhost:%', 'private'],
    ['http://2130706433:%', 'private'],
    ['http://0x7f.1:%', 'private'],
    ['https://127.0.0.1:%', 'private'],
    ['https://10.0.0.1', 'private'],
    ['https://169.254.169.254/latest/meta-data', 'private'],
    ['http://8.8.8.8', 'private'],
    ['https://me:word@8.8.8.8', 'address'],
    ['ftp://8.8.8.8', 'address'],
    ['file:///etc/passwd', 'address'],
    ['nothing', 'address'],
  ])('to %s is not sent: %s', async (url, fault) => {
    const before = asked;
    expect(await httpsPost(nothing)(message(url.replace('%', String(port))))).toEqual({ fault });
    expect(asked).toBe(before);
  });

  test('goes to what is allowed, by name too; plain http to loopback alone, even then', async () => {
    const post = httpsPost(inNetworks('loopback,10.0.0.0/8'));
    expect(await post(message(`http://localhost:${port}/`))).toEqual({ status: 200 });
    expect(await post(message(`http://127.0.0.1:${port}/`))).toEqual({ status: 200 });
    expect(await post(message('http://10.0.0.1/'))).toEqual({ fault: 'private' });
  });

  test('follows no redirect', async () => {
    const before = asked;
    expect(await httpsPost(inNetworks('loopback'))(message(`http://127.0.0.1:${port}/away`))).toEqual({ status: 302 });
    expect(asked).toBe(before + 1);
  });

  test('is given up when nobody answers in time, nobody is there, or there is no TLS', async () => {
    const post = httpsPost(inNetworks('loopback'), 100);
    expect(await post(message(`http://127.0.0.1:${silentPort}/`))).toEqual({ fault: 'late' });
    expect(await post(message('http://127.0.0.1:1/'))).toEqual({ fault: 'refused' });
    expect(await post(message(`https://127.0.0.1:${port}/`))).toMatchObject({
      fault: expect.stringMatching(/certificate|broken/),
    });
  });
});
