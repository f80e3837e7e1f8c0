// Messages over https to the Internet, and to nothing else: the address that a name leads to is judged at the connection itself.
import { lookup } from 'node:dns';
import { Agent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Answer, Message, Post, PostFault } from './port.ts';
import { isLoopback, isPublicAddress } from './public-addresses.ts';

/** Until the status of the answer is there; nothing more of it is read. */
export const answerMilliseconds = 5000;
const longestHead = 16_384;

class Refused extends Error {
  readonly fault: PostFault;
  constructor(fault: PostFault) {
    super(fault);
    this.fault = fault;
  }
}

/**
 * @param isAllowed whether an address may be reached although it is not of the Internet; plain http goes to loopback alone, where that is
 * allowed
 * @param timeLimit milliseconds
 */
export function httpsPost(isAllowed: (address: string) => boolean, timeLimit = answerMilliseconds): Post {
  const mayReach = (address: string) => isPublicAddress(address) || isAllowed(address);
  return async (message) => {
    try {
      return { status: await sent(message, mayReach, timeLimit) };
    } catch (error) {
      return { fault: faultOf(error) } satisfies Answer;
    }
  };
}

async function sent({ url, headers, body }: Message, mayReach: (address: string) => boolean, limit: number): Promise<number> {
  const at = URL.canParse(url) ? new URL(url) : undefined;
  if (!at || !/^https?:$/.test(at.protocol) || at.username !== '' || at.password !== '') throw new Refused('address');
  const isSecure = at.protocol === 'https:';
  const judged = (address: string) => mayReach(address) && (isSecure || isLoopback(address));
  const host = at.hostname.replace(/^\[|\]$/g, '');
  // The lookup is not asked about what is an address already.
  if (isIP(host) !== 0 && !judged(host)) throw new Refused('private');
  const signal = AbortSignal.timeout(limit);
  const agent = isSecure ? new SecureAgent({ keepAlive: false }) : new Agent({ keepAlive: false });
  const options = { method: 'POST', agent, signal, lookup: judging(judged), maxHeaderSize: longestHead };
  const length = { 'Content-Length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const asked = (isSecure ? secureRequest : plainRequest)(at, { ...options, headers: { ...headers, ...length } }, (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

/** Looks a name up, and lets the connection have it only when each of its addresses may be reached: which one is taken is not ours to say. */
function judging(judged: (address: string) => boolean): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error) return done(new Refused('name'), []);
      if (found.length === 0 || !found.every(({ address }) => judged(address))) return done(new Refused('private'), []);
      const [first] = found;
      if (options.all) done(null, found);
      else done(null, first?.address ?? '', first?.family);
    });
  };
}

const known: Readonly<Record<string, PostFault>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ETIMEDOUT: 'late',
};

function faultOf(error: unknown): PostFault {
  if (error instanceof Refused) return error.fault;
  const { name, code = '', cause } = error as Error & { code?: string };
  if (cause instanceof Refused) return cause.fault;
  if (name === 'TimeoutError' || name === 'AbortError') return 'late';
  if (/CERT|SELF_SIGNED|TLS|SSL|ALTNAME/.test(code)) return 'certificate';
  return known[code] ?? 'broken';
}
