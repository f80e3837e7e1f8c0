// Networks and addresses: who may read what is for the operator's machines, and from where a person may come.
import { BlockList, isIP } from 'node:net';
import type { Request } from 'express';

const loopback = ['127.0.0.0/8', '::1'];

const parts = (networks: string) =>
  networks
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** @returns whether each part is `loopback`, an address or a network (CIDR) */
export function areNetworks(networks: string): boolean {
  return parts(networks).every((part) => part === 'loopback' || add(new BlockList(), part));
}

function add(list: BlockList, part: string): boolean {
  const [address = '', length, ...more] = part.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (length === undefined) list.addAddress(address, family);
  else if (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128))
    list.addSubnet(address, Number(length), family);
  else return false;
  return true;
}

/** What a network may be written as: an address or CIDR of IPv4 or IPv6, at most so many in one list. */
export const longestNetworkList = 50;

/** @returns the parts of a list as a person writes it: one a line, or with commas or spaces between them; each once */
export function networksIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

/** @returns whether this is one address or network (CIDR, RFC 4632 and RFC 4291) of IPv4 or IPv6 */
export function isNetwork(part: string): boolean {
  return add(new BlockList(), part);
}

/**
 * The same network as programs want it that compare bits: those behind the length are zero, IPv4 is not written as IPv6, and a length
 * always stands there.
 * @throws RangeError for what is no network
 */
export function canonicalNetwork(part: string): { readonly network: string; readonly family: 4 | 6; readonly length: number } {
  if (!isNetwork(part)) throw new RangeError('Not a network');
  const [address = '', length] = part.split('/');
  const mapped = /^0:0:0:0:0:ffff:([\da-f]+):([\da-f]+)$/.exec(isIP(address) === 6 ? groupsOf(address).join(':') : '');
  if (isIP(address) === 4 || (mapped && Number(length ?? 128) >= 96)) {
    const bytes = mapped
      ? mapped.slice(1).flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
      : address.split('.').map(Number);
    const bits = length === undefined ? 32 : Number(length) - (mapped ? 96 : 0);
    return { network: `${cut(bytes, 8, bits).join('.')}/${bits}`, family: 4, length: bits };
  }
  const bits = Number(length ?? 128);
  const groups = cut(
    groupsOf(address).map((group) => Number.parseInt(group, 16)),
    16,
    bits,
  );
  return { network: `${groups.map((group) => group.toString(16)).join(':')}/${bits}`, family: 6, length: bits };
}

/** Keeps the first `bits` of parts of `size` bits each. */
function cut(parts: readonly number[], size: number, bits: number): number[] {
  return parts.map((part, at) => {
    const left = Math.min(size, Math.max(0, bits - at * size));
    return part & (((1 << size) - 1) ^ ((1 << (size - left)) - 1));
  });
}

/**
 * An allowlist of networks. An empty list stands for "from everywhere"; a list with a part that is no network, or an address that
 * cannot be read, is refused: a check that cannot run lets nobody in.
 * @param list addresses and networks (CIDR) of IPv4 and IPv6; IPv4 written as IPv6 (`::ffff:192.0.2.1`) is the same address
 * @param address as `req.ip` has it
 */
export function allows(list: readonly string[], address: string): boolean {
  if (list.length === 0) return true;
  const networks = new BlockList();
  return list.every((part) => add(networks, folded(part))) && holds(networks, address);
}

/** An address of IPv4 that is written as one of IPv6 (RFC 4291 2.5.5.2): a connection to a socket of both families has it so. */
function folded(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** A zone (`fe80::1%eth0`, RFC 4007) names an interface of this machine and no visitor. */
function holds(networks: BlockList, address: string): boolean {
  const plain = folded(address.replace(/%.*$/, ''));
  const version = isIP(plain);
  return version !== 0 && networks.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}

/** What a proxy adds: where one of them stands, the address of the connection is the proxy's and not the visitor's. */
const forwarding = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'via'];

/** @param networks as METRICS_ALLOW has them. @returns whether an address is in one of them */
export function inNetworks(networks: string): (address: string) => boolean {
  const list = new BlockList();
  for (const part of parts(networks).flatMap((one) => (one === 'loopback' ? loopback : [one]))) add(list, part);
  return (address) => holds(list, address);
}

/**
 * @param networks as METRICS_ALLOW has them
 * @returns whether a request comes from one of them: directly, or through a proxy of TRUST_PROXY that says for whom it asks. What a
 * proxy hands on that is not named there, or that does not say for whom, is refused: it would stand for the whole world.
 */
export function comesFrom(networks: string): (req: Request) => boolean {
  const isIn = inNetworks(networks);
  return (req) => {
    const trusts = req.app.get('trust proxy fn') as (address: string, hop: number) => boolean;
    const isForwarded = forwarding.some((name) => req.headers[name] !== undefined);
    const saysForWhom = req.headers['x-forwarded-for'] !== undefined && trusts(req.socket.remoteAddress ?? '', 0);
    if (isForwarded && !saysForWhom) return false;
    return isIn(req.ip ?? '');
  };
}

/** Where somebody comes from, for counting: what one household, one company and one provider's customer share. */
export type Source = {
  /** IPv4 /32, IPv6 /64 */
  readonly address: string;
  /** IPv4 /24; IPv6 /56 and /48 */
  readonly networks: readonly string[];
};

/**
 * IPv4 that comes as IPv6, mapped (`::ffff:0:0/96`) or translated (`64:ff9b::/96`, RFC 6052), is IPv4: as IPv6 it would be one network
 * for the whole world.
 * @param address as Express names it; whatever is no address shares one source
 */
export function sourceOf(address: string): Source {
  const plain = address.replace(/%.*$/, '');
  if (isIP(plain) === 4) return sourceOf4(plain);
  if (isIP(plain) !== 6) return { address: 'unknown', networks: ['unknown'] };
  const groups = groupsOf(plain);
  const [head, rest] = [groups.slice(0, 6).join(':'), groups.slice(6)];
  if (head === '0:0:0:0:0:ffff' || head === '64:ff9b:0:0:0:0')
    return sourceOf4(rest.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join('.'));
  const [a, b, c, d = '0'] = groups;
  const high = (Number.parseInt(d, 16) >> 8).toString(16);
  return { address: `${a}:${b}:${c}:${d}/64`, networks: [`${a}:${b}:${c}:${high}/56`, `${a}:${b}:${c}/48`] };
}

const sourceOf4 = (address: string): Source => ({
  address: `${address}/32`,
  networks: [`${address.split('.').slice(0, 3).join('.')}/24`],
});

/** @returns the eight groups in hexadecimal without leading zeros, however the address was written */
function groupsOf(address: string): string[] {
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const split = (part: string) => (part === '' ? [] : part.split(':'));
  const [start, end] = [split(before), split(after ?? '')];
  return [...start, ...Array<string>(8 - start.length - end.length).fill('0'), ...end];
}
