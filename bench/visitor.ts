// A customer of the benchmark: a browser without JavaScript that signs up, signs in and sends forms.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hiddenFields, password, wanted } from '../test/support/panel.ts';
import type { Running } from './program.ts';
import { type Sent, sendForm } from './transfer.ts';

type Fields = Record<string, string | string[]>;

export class Visitor {
  readonly #program: Running;
  readonly #cookies = new Map<string, string>();

  constructor(program: Running) {
    this.#program = program;
  }

  /** as a request carries it */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get headers(): Record<string, string> {
    return { cookie: this.cookie, origin: this.#program.url, accept: 'text/html' };
  }

  async get(path: string): Promise<{ status: number; text: string; location: string }> {
    return this.#asked(path, {});
  }

  /** Sends the form of `page` that posts to `action`, with these fields beside the hidden ones. */
  async submit(page: string, fields: Fields, action = page) {
    const { text } = await this.get(page);
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...hiddenFields(text, action), ...fields }))
      for (const one of [value].flat()) body.append(name, one);
    return this.#asked(action, { method: 'POST', body });
  }

  async #asked(path: string, init: RequestInit) {
    const ask = () => fetch(this.#program.url + path, { ...init, headers: this.headers, redirect: 'manual' });
    // A connection that was idle for long may be closed at the moment it is used again.
    const answer = await ask().catch(ask);
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
      this.#cookies.set(name, value);
    }
    return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') ?? '' };
  }

  /** Signs up by the form, follows the letter, and waits for the site. @returns its name */
  async arrive(email: string): Promise<string> {
    await this.submit('/signup', { ...wanted, plan: 'forest', email, password });
    await this.submit(await this.#verification(email), {});
    return until('the site is open', async () => {
      const { text } = await this.get('/dashboard');
      return /\/sites\/([a-z0-9]+)\/files\/www/.exec(text)?.[1];
    });
  }

  #verification(email: string): Promise<string> {
    const outbox = join(this.#program.folder, 'data/outbox');
    return until(`a letter to ${email}`, async () => {
      // A letter that is still being written has another ending.
      for (const name of (await readdir(outbox).catch(() => [])).filter((one) => one.endsWith('.eml'))) {
        const letter = await readFile(join(outbox, name), 'utf8');
        const link = /^https?:\/\/\S*(\/verify\/\S*)$/m.exec(letter)?.[1];
        if (link && letter.toLowerCase().includes(`to: ${email}`)) return link;
      }
      return undefined;
    });
  }

  /** A customer with some history: a site with a file and a backup. @returns the site's name */
  async settle(email: string): Promise<string> {
    const site = await this.arrive(email);
    await this.upload(site, [{ name: 'index.html', pieces: [Buffer.from('<!doctype html><title>곳간</title>')] }]);
    await this.backUp(site);
    return site;
  }

  /** Uploads by the plain form, as fast as it is taken. @returns how long that took, in seconds */
  async upload(site: string, files: readonly Sent[]): Promise<number> {
    const action = `/sites/${site}/files/upload`;
    const { text } = await this.get(`/sites/${site}/files/www`);
    const fields = { ...hiddenFields(text, action), to: 'www', conflict: 'replace' };
    const begun = performance.now();
    const { status, location } = await sendForm(this.#program.url + action, { headers: this.headers, fields, files });
    const seconds = (performance.now() - begun) / 1000;
    if (status !== 303 || !location.includes('/results/')) throw new Error(`the upload was answered with ${status} ${location}`);
    const results = await this.get(location);
    if (results.text.includes('is-bad')) throw new Error(`a file was refused: ${results.text}`);
    return seconds;
  }

  /** A fresh sign-in, as downloads ask for it. */
  async signIn(email: string): Promise<void> {
    const { status } = await this.submit('/login', { email, password });
    if (status !== 303) throw new Error(`signing in as ${email} was answered with ${status}`);
  }

  /** Makes a backup by hand and waits until it was read back. @returns its id */
  async backUp(site: string): Promise<string> {
    const { location, status } = await this.submit(`/sites/${site}/backups`, {});
    const id = /\/backups\/([0-9a-f-]+)$/.exec(location)?.[1];
    if (!id) throw new Error(`the backup was answered with ${status}`);
    await until('the backup is verified', async () => {
      const { text } = await this.get(`/sites/${site}/backups/${id}/state`);
      const { finished, failed } = JSON.parse(text) as { finished: boolean; failed: boolean };
      if (failed) throw new Error('the backup failed');
      return finished || undefined;
    });
    return id;
  }
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`waited in vain: ${what}`);
}
