// Which network addresses belong to everybody, and which to this machine, its neighbours or nobody (RFC 6890 and the registries it names).
import { BlockList, isIP } from 'node:net';

/** IANA's registry of special-purpose IPv4 addresses, multicast (RFC 5771) and what is reserved (RFC 1112). */
const special4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];

/** The same of IPv6 within 2000::/3, outside of which nothing is given to anybody; 2002::/16 and 2001::/32 hide an address of IPv4. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const closed4 = listOf(special4, 'ipv4');
const closed6 = listOf(special6, 'ipv6');
const given6 = listOf(['2000::/3'], 'ipv6');

/** @returns whether this is an address of the Internet: what is none, or cannot be read, is not. IPv4 written as IPv6 is refused as well */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !closed4.check(address, 'ipv4');
  return version === 6 && !address.includes('%') && given6.check(address, 'ipv6') && !closed6.check(address, 'ipv6');
}

const own4 = listOf(['127.0.0.0/8'], 'ipv4');

/** @returns whether this machine alone is meant */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && own4.check(address, 'ipv4'));
}
