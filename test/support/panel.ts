// A panel on real parts in a temporary folder, and visitors who use it in words: sign up, verify, sign in, upload.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import type { PanelOptions } from '../../src/options.ts';
import { createPanel, type Panel } from '../../src/panel.ts';
import { StoppedClock } from '../../src/platform/clock.ts';
import { newPanelDatabase } from './databases.ts';

export const secret = 'a secret for tests only, long enough to be one';
export const password = 'maple-Teacup-48-orbit';

export type TestPanel = {
  readonly panel: Panel;
  readonly clock: StoppedClock;
  readonly folder: string;
  readonly origin: string;
  readonly server: Server;
  /** for a second panel on the same data */
  readonly databaseUrl: string;
  /** Does every job that is due: letters, sites, backups. */
  work(): Promise<number>;
  letters(): Promise<string[]>;
  close(): Promise<void>;
};

/**
 * @param options anything but addresses of data; `publicUrl` follows the port that is listened on, unless given
 * @param hostName in that `publicUrl`: 127.0.0.1 or localhost
 */
export async function startPanel(options: Partial<PanelOptions> = {}, hostName = '127.0.0.1'): Promise<TestPanel> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-panel-'));
  const database = await newPanelDatabase();
  const clock = (options.clock as StoppedClock | undefined) ?? new StoppedClock('2026-11-22T03:00:00Z');
  let handle: Panel['app'] | undefined;
  const server = createServer((req, res) => handle?.(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const publicUrl = options.publicUrl ?? `http://${hostName}:${port}`;
  const panel = await createPanel({
    secret,
    dataFolder: folder,
    databaseUrl: database.url,
    logLevel: 'silent',
    limitsScale: 1,
    // The least, and the same on every machine: tests are many.
    passwordCost: 'm=19456,t=2,p=1',
    ...options,
    publicUrl,
    clock,
  });
  handle = panel.app;
  /** What stands in the outbox is never changed. */
  const known = new Map<string, Promise<string>>();
  const letterOf = (path: string) => {
    const letter = known.get(path) ?? readFile(path, 'utf8');
    known.set(path, letter);
    return letter;
  };
  const letters = async () => {
    await panel.doors.queue.drain({
      'letters.send': (run) => panel.doors.letters.send(String(run.payload.letterId), run.lastAttempt),
    });
    const outbox = join(options.dataFolder ?? folder, 'outbox');
    const names = (await readdir(outbox).catch(() => [])).sort();
    return Promise.all(names.map((name) => letterOf(join(outbox, name))));
  };
  return {
    panel,
    clock,
    folder,
    origin: new URL(publicUrl).origin,
    server,
    databaseUrl: options.databaseUrl ?? database.url,
    work: () => panel.workOnce(),
    letters,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await panel.close();
      await database.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Fields = Record<string, string | string[]>;

/** A browser without JavaScript: keeps cookies, reads forms, sends what stands in them. */
export class Visitor {
  readonly agent: ReturnType<typeof request.agent>;
  readonly #test: TestPanel;
  readonly language: 'ko' | 'en';

  constructor(test: TestPanel, language: 'ko' | 'en' = 'ko') {
    this.#test = test;
    this.agent = request.agent(test.server);
    this.language = language;
  }

  /** @returns somebody with another browser at the same panel */
  another(): Visitor {
    return new Visitor(this.#test, this.language);
  }

  path(path: string): string {
    return this.language === 'en' ? `/en${path === '/' ? '' : path}` : path;
  }

  get(path: string) {
    return this.agent.get(this.path(path));
  }

  /** @returns the hidden fields of the form that posts to `action`, else of the first form of the page */
  async hidden(page: string, action = page): Promise<Fields> {
    const { text } = await this.get(page);
    return hiddenFields(text, this.path(action));
  }

  /** Sends a form as a browser does, with the origin of the panel. */
  send(path: string, fields: Fields) {
    return this.agent.post(this.path(path)).set('Origin', this.#test.origin).type('form').send(fields);
  }

  /** Opens a page and submits its form with these fields. */
  async submit(path: string, fields: Fields, action = path) {
    return this.send(action, { ...(await this.hidden(path, action)), ...fields });
  }

  async signUp(email: string, more: Fields = {}) {
    return this.submit('/signup', { ...wanted, email, password, ...more });
  }

  /** Follows the link of the newest letter to `email` that has one under `path`. */
  async linkFor(email: string, path: string): Promise<string> {
    const letters = (await this.#test.letters()).filter((letter) => letter.toLowerCase().includes(`to: ${email}`)).reverse();
    for (const letter of letters) {
      const link = new RegExp(`^(https?://\\S*${path}\\S*)$`, 'm').exec(letter)?.[1];
      if (link) return new URL(link).pathname.replace(/^\/en(?=\/)/, '');
    }
    throw new Error(`no letter to ${email} with a link to ${path}`);
  }

  /** Signs up, verifies, and waits until the site is open. @returns the site's name */
  async arrive(email: string, more: Fields = {}): Promise<string> {
    await this.signUp(email, more);
    await this.submit(await this.linkFor(email, '/verify/'), {});
    await this.#test.work();
    return this.site();
  }

  async site(): Promise<string> {
    const { headers } = await this.get('/files');
    const name = /\/sites\/([a-z0-9-]+)\//.exec(headers.location ?? '')?.[1];
    if (!name) throw new Error('there is no site yet');
    return name;
  }

  logIn(email: string, more: Fields = {}) {
    return this.submit('/login', { email, password, ...more });
  }

  /** Uploads files by the plain form. */
  async upload(site: string, files: readonly { name: string; body: Buffer | string }[], fields: Record<string, string> = {}) {
    const hidden = await this.hidden(`/sites/${site}/files/www`, `/sites/${site}/files/upload`);
    const post = this.agent.post(this.path(`/sites/${site}/files/upload`)).set('Origin', this.#test.origin);
    for (const [name, value] of Object.entries({ ...hidden, to: 'www', conflict: 'skip', ...fields }))
      post.field(name, String(value));
    for (const { name, body } of files) post.attach('files', Buffer.from(body), { filename: name, filepath: name } as object);
    return post;
  }
}

/** Every required box ticked, the smallest plan. */
export const wanted: Fields = { age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1', name: '', phone: '' };

/** @returns names and values of the hidden fields, and of the first choice of each radio group, in the form with this action */
export function hiddenFields(html: string, action: string): Fields {
  const forms = [...html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => form);
  const form =
    forms.find((one) => one.includes(`action="${action}"`)) ?? forms.find((one) => one.includes(`action="${action}?`)) ?? '';
  const fields: Fields = {};
  for (const [input] of form.matchAll(/<input\b[^>]*>/g)) {
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(input)?.[1];
    const name = attribute('name');
    const type = attribute('type');
    if (!name || (type !== 'hidden' && type !== 'radio')) continue;
    const value = unescaped(attribute('value') ?? '');
    if (type === 'radio' && name in fields && !/\bchecked\b/.test(input)) continue;
    const before = type === 'hidden' ? fields[name] : undefined;
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

/** @returns text as it stood before it was put into HTML */
export const unescaped = (text: string) =>
  text
    .replace(/&#34;|&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
