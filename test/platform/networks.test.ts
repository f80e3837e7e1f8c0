// Networks: who may read the figures (by the address of the connection, through a trusted proxy by that of the visitor), and allowlists.
import express from 'express';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { allows, areNetworks, comesFrom, isNetwork, networksIn } from '../../src/platform/web/networks.ts';

type Asked = { from: string; headers?: Record<string, string>; trusts?: string };

/** A request whose connection comes from `from`. */
async function isAllowed(networks: string, { from, headers = {}, trusts }: Asked): Promise<boolean> {
  const app = express();
  app.set('trust proxy', trusts ?? false);
  const allowed = comesFrom(networks);
  app.get('/', (req, res) => {
    Object.defineProperty(req.socket, 'remoteAddress', { value: from });
    res.json(allowed(req));
  });
  return (await request(app).get('/').set(headers)).body as boolean;
}

describe('directly', () => {
  test.each([
    ['loopback', '127.0.0.1', true],
    ['loopback', '127.255.255.254', true],
    ['loopback', '::1', true],
    ['loopback', '::ffff:127.0.0.1', true],
    ['loopback', '10.0.0.1', false],
    ['loopback', '128.0.0.1', false],
    ['', '127.0.0.1', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '::ffff:10.1.2.3', true],
    ['10.1.2.3', '10.1.2.30', false],
    ['10.1.2.3', '127.0.0.1', false],
    ['192.168.4.0/30, fd00::/8', '192.168.4.3', true],
    ['192.168.4.0/30, fd00::/8', '192.168.4.4', false],
    ['192.168.4.0/30, fd00::/8', 'fd12::9', true],
    ['192.168.4.0/30, fd00::/8', 'fe00::9', false],
  ])('METRICS_ALLOW "%s" and a connection from %s: %s', async (networks, from, expected) => {
    expect(await isAllowed(networks, { from })).toBe(expected);
  });
});

describe('through a proxy', () => {
  const from = '127.0.0.1';
  test.each<[string, Asked, boolean]>([
    ['nobody trusts, a visitor', { from, headers: { 'X-Forwarded-For': '203.0.113.9' } }, false],
    ['nobody trusts, though it says loopback', { from, headers: { 'X-Forwarded-For': '127.0.0.1' } }, false],
    ['that says nothing of whom but its own name', { from, headers: { Via: '1.1 proxy' } }, false],
    ['trusted, for a visitor', { from, trusts: 'loopback', headers: { 'X-Forwarded-For': '203.0.113.9' } }, false],
    [
      'trusted, for a visitor who wrote "127.0.0.1" before',
      { from, trusts: 'loopback', headers: { 'X-Forwarded-For': '127.0.0.1, 203.0.113.9' } },
      false,
    ],
    ['trusted, for this machine itself', { from, trusts: 'loopback', headers: { 'X-Forwarded-For': '127.0.0.1' } }, true],
    ['trusted, that does not say for whom', { from, trusts: 'loopback', headers: { 'X-Real-IP': '127.0.0.1' } }, false],
    ['trusted, while the request comes directly', { from, trusts: 'loopback' }, true],
  ])('%s', async (_what, asked, expected) => {
    expect(await isAllowed('loopback', asked)).toBe(expected);
  });
});

test.each([
  ['loopback, 10.0.0.1, ::/0', true],
  ['', true],
  ['10.0.0.0/33', false],
  ['monitoring', false],
  ['fd00::/129', false],
  ['1.2.3.4/8/9', false],
  ['10.0.0.1, monitoring.example', false],
])('"%s" names networks: %s', (networks, expected) => {
  expect(areNetworks(networks)).toBe(expected);
});

describe('an allowlist', () => {
  test.each([
    [[], '203.0.113.9', true],
    [[], 'nothing', true],
    [['203.0.113.9'], '203.0.113.9', true],
    [['203.0.113.9'], '203.0.113.90', false],
    [['203.0.113.9'], '::ffff:203.0.113.9', true],
    [['203.0.113.9'], '::ffff:cb00:7109', true],
    [['::ffff:203.0.113.9'], '203.0.113.9', true],
    [['203.0.113.0/24'], '203.0.113.255', true],
    [['203.0.113.0/24'], '203.0.114.0', false],
    [['203.0.113.7/24'], '203.0.113.255', true],
    [['0.0.0.0/0'], '198.51.100.1', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['2001:db8:1::/48'], '2001:db8:1:ffff::9', true],
    [['2001:db8:1::/48'], '2001:db8:2::9', false],
    [['2001:DB8::1'], '2001:db8:0:0:0:0:0:1', true],
    [['fe80::1'], 'fe80::1%eth0', true],
    [['10.0.0.0/8', '2001:db8::/32'], '2001:db8::5', true],
    [['10.0.0.0/8', '2001:db8::/32'], '203.0.113.9', false],
    [['10.0.0.0/8', 'the office'], '10.0.0.1', false],
    [['10.0.0.0/33'], '10.0.0.1', false],
    [['10.0.0.0/8'], '', false],
    [['10.0.0.0/8'], '10.0.0', false],
  ])('of %j lets %s in: %s', (list, address, expected) => {
    expect(allows(list, address)).toBe(expected);
  });

  test('is read as people write it: lines, commas, spaces, each network once', () => {
    expect(networksIn(' 203.0.113.9,\r\n2001:db8::/32\n203.0.113.9 10.0.0.0/8; ')).toEqual([
      '203.0.113.9',
      '2001:db8::/32',
      '10.0.0.0/8',
    ]);
    expect(networksIn(' \n')).toEqual([]);
  });

  test.each([
    ['203.0.113.9', true],
    ['203.0.113.0/24', true],
    ['2001:db8::/32', true],
    ['203.0.113.9/', false],
    ['203.0.113', false],
    ['203.0.113.*', false],
    ['203.0.113.256', false],
    ['2001:db8::/129', false],
    ['office.example.com', false],
    ['', false],
  ])('takes "%s": %s', (part, expected) => {
    expect(isNetwork(part)).toBe(expected);
  });
});
