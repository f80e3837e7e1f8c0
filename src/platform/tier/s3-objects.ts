// Removes what lies below a name in an S3 store: two kinds of requests, signed as the store asks for (AWS Signature Version 4; why by
// hand: docs/decisions/0041-tiers.md).
import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { getCACertificates } from 'node:tls';
import { TierFault } from './faults.ts';
import type { ResticAddress } from './tier-address.ts';

type Credentials = NonNullable<ResticAddress['s3']>;
type Answer = { readonly status: number; readonly body: string; readonly region: string | undefined };
type Asked = { readonly method: 'GET' | 'DELETE'; readonly url: URL; readonly signal: AbortSignal };

const patience = 30_000;
const emptyDigest = createHash('sha256').update('').digest('hex');

/** @throws TierFault UNREACHABLE, REFUSED where the store keeps them, FAILED with the store's own word */
export async function removeObjects({ repository, s3 }: ResticAddress, site: string, signal: AbortSignal): Promise<void> {
  if (!s3) throw new RangeError('Not the address of an S3 store');
  const place = new URL(repository.slice('s3:'.length));
  const [bucket = '', ...rest] = place.pathname.split('/').filter(Boolean);
  const store = new Store(s3);
  try {
    const listing = new URL(`/${bucket}`, place);
    listing.search = new URLSearchParams({ 'list-type': '2', prefix: `${[...rest, site].join('/')}/` }).toString();
    for (let before = ''; ; ) {
      const { body } = await store.ask({ method: 'GET', url: listing, signal });
      // Names that restic gives: hexadecimal, below a prefix of plain letters (tier-address.ts).
      const keys = [...body.matchAll(/<Key>([\w./-]+)<\/Key>/g)].map(([, key]) => `${key}`);
      if (keys.length === 0) return;
      if (keys.join() === before) throw new TierFault('REFUSED', 'the store keeps what it has');
      before = keys.join();
      // One after the other: a request for many wants an MD5, and nobody waits for this.
      for (const key of keys) await store.ask({ method: 'DELETE', url: new URL(`/${bucket}/${key}`, place), signal });
    }
  } finally {
    store.close();
  }
}

class Store {
  readonly #credentials: Credentials;
  readonly #ca = trusted();
  readonly #agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
  /** as the store says it, where the address does not */
  #region: string;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    this.#region = credentials.region ?? 'us-east-1';
  }

  async ask(asked: Asked): Promise<Answer> {
    let answer = await this.#send(asked);
    if (answer.status >= 300 && answer.region !== undefined && answer.region !== this.#region) {
      this.#region = answer.region;
      answer = await this.#send(asked);
    }
    const { status, body } = answer;
    if (status < 300 || (status === 404 && asked.method === 'DELETE')) return answer;
    const word = /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? String(status);
    throw new TierFault(status === 401 || status === 403 ? 'REFUSED' : status >= 500 ? 'UNREACHABLE' : 'FAILED', word);
  }

  async #send({ method, url, signal }: Asked): Promise<Answer> {
    const headers = signed({ method, url, at: new Date(), region: this.#region }, this.#credentials);
    const ca = await this.#ca;
    const { agent, request } =
      url.protocol === 'https:'
        ? { agent: this.#agents['https:'], request: https.request }
        : { agent: this.#agents['http:'], request: http.request };
    try {
      const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
        const sent = request(url, { method, headers, agent, signal, ...(ca && { ca }) }, resolve);
        sent.setTimeout(patience, () => sent.destroy(new Error('no answer'))).once('error', reject);
        sent.end();
      });
      const region = response.headers['x-amz-bucket-region'];
      return { status: response.statusCode ?? 500, body: await text(response), region: region?.toString() };
    } catch (cause) {
      signal.throwIfAborted();
      throw new TierFault('UNREACHABLE', (cause as Error).message, { cause });
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

/** As restic trusts: a company's own certificate authority beside the known ones. */
async function trusted(): Promise<string[] | undefined> {
  const { SSL_CERT_FILE } = process.env;
  if (!SSL_CERT_FILE) return undefined;
  return [...getCACertificates('default'), ...getCACertificates('system'), await readFile(SSL_CERT_FILE, 'utf8')];
}

const hmac = (key: string | Buffer, words: string) => createHmac('sha256', key).update(words).digest();

/** @returns the headers of a request without a body */
export function signed(
  { method, url, at, region }: { method: string; url: URL; at: Date; region: string },
  { keyId, secret }: Pick<Credentials, 'keyId' | 'secret'>,
): Record<string, string> {
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`;
  const headers = { host: url.host, 'x-amz-content-sha256': emptyDigest, 'x-amz-date': stamp };
  const names = Object.keys(headers).join(';');
  const query = [...url.searchParams].map((pair) => pair.map(encodeURIComponent).join('=')).sort();
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const asked = [method, url.pathname, query.join('&'), lines.join(''), names, emptyDigest].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(asked).digest('hex')].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secret}`);
  const signature = hmac(key, toSign).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}
