// Names and attributes of cookies, by the public URL alone (architecture §9).
import type { Request } from 'express';
import type { Addresses } from './addresses.ts';

/** @returns name and attributes of a cookie: Secure and its prefix follow PUBLIC_URL, never a guess */
export function cookieFor(addresses: Addresses, name: string) {
  const prefix = addresses.isHttps ? (addresses.base === '' ? '__Host-' : '__Secure-') : '';
  return { name: prefix + name, options: { path: addresses.base || '/', secure: addresses.isHttps, httpOnly: true } as const };
}

/** @returns the value of a cookie as it was sent, undecoded; undefined when the request has none of this name */
export function cookieOf(req: Request, name: string): string | undefined {
  const pairs = (req.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
