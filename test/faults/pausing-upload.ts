// One file on its way by tus: whatever breaks off, its sender asks how far it is, and goes on.
import { createHash } from 'node:crypto';
import type { Customer } from './customer.ts';
import { sha256 } from './house.ts';

const piece = 'application/offset+octet-stream';

export type PausingOptions = {
  readonly name: string;
  readonly body: Buffer<ArrayBuffer>;
  readonly checksum?: 'sha1' | 'sha256' | undefined;
};
type Headers = Record<string, string>;

export class PausingUpload {
  readonly name: string;
  readonly body: Buffer<ArrayBuffer>;
  readonly sha256: string;
  readonly #checksum: PausingOptions['checksum'];
  address = '';
  /** the last piece was answered with success */
  acknowledged = false;
  /** bytes that were acknowledged, and bytes that were sent again all the same */
  acknowledgedBytes = 0;
  resentBytes = 0;

  constructor({ name, body, checksum }: PausingOptions) {
    this.name = name;
    this.body = body;
    this.sha256 = sha256(body);
    this.#checksum = checksum;
  }

  static async headers(customer: Customer): Promise<Headers> {
    const { text } = await customer.client.get(`/sites/${customer.site}/files/upload`);
    const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
    return { origin: customer.origin, accept: 'application/json', 'x-csrf-token': csrf, 'tus-resumable': '1.0.0' };
  }

  /** Announces the file, unless that was done: then what the panel knows of it is found as the page finds it. */
  async begin(customer: Customer, headers: Headers): Promise<number> {
    const { name, body } = this;
    const base = `/sites/${customer.site}/files`;
    const list = JSON.stringify({ to: 'www', files: [{ path: name, bytes: body.length, changedAt: 1 }] });
    const asked = await customer.client.ask(`${base}/preflight`, {
      ...{ method: 'POST', body: list, headers: { ...headers, 'content-type': 'application/json' } },
    });
    if (asked.status !== 200) return asked.status;
    const known = JSON.parse(asked.text).files[0] as { address?: string };
    if (known.address) {
      this.address = known.address;
      return 200;
    }
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const metadata = `path ${base64(`www/${name}`)},changed ${base64('1')}`;
    const answer = await customer.client.ask(`${base}/uploads`, {
      ...{ method: 'POST', headers: { ...headers, 'upload-length': String(body.length), 'upload-metadata': metadata } },
    });
    this.address = answer.location;
    return answer.status;
  }

  async state(customer: Customer): Promise<{ state: string; offset: number; result: { result: string } | null }> {
    const answer = await customer.client.ask(this.address, { headers: { accept: 'application/json' } });
    return answer.status === 200 ? JSON.parse(answer.text) : { state: `status ${answer.status}`, offset: 0, result: null };
  }

  checksumOf(bytes: Buffer): Headers {
    if (!this.#checksum) return {};
    return { 'upload-checksum': `${this.#checksum} ${createHash(this.#checksum).update(bytes).digest('base64')}` };
  }

  /** Sends until it is whole or the panel says no. @returns 204, or the status of a refusal; throws when the connection breaks */
  async send(customer: Customer, pieceBytes: number): Promise<number> {
    const headers = await PausingUpload.headers(customer);
    if (!this.address) {
      const begun = await this.begin(customer, headers);
      if (begun >= 400 || this.address === '') return begun;
    }
    for (let busy = 0; busy < 100; ) {
      const { state, offset } = await this.state(customer);
      if (state === 'finished') return this.#done();
      if (state === 'judging') {
        busy += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      if (state !== 'receiving' && state !== 'received') return Number(state.split(' ')[1]);
      const bytes = this.body.subarray(offset, offset + pieceBytes);
      this.resentBytes += Math.max(0, this.acknowledgedBytes - offset);
      const { status } = await customer.client.ask(this.address, {
        ...{ method: 'PATCH', body: bytes },
        headers: { ...headers, ...this.checksumOf(bytes), 'content-type': piece, 'upload-offset': String(offset) },
      });
      if (status !== 204 && status !== 409) return status;
      if (status === 204) this.acknowledgedBytes = offset + bytes.length;
      if (status === 204 && this.acknowledgedBytes === this.body.length) return this.#done();
    }
    return 408;
  }

  #done(): number {
    this.acknowledged = true;
    return 204;
  }
}
