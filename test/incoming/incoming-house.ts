// A site on disk with its panel, files that come into it as an FTP server or a program brings them, and the worker's rounds.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PanelOptions } from '../../src/options.ts';
import { minute, second } from '../../src/platform/clock.ts';
import type { FtpEvent, FtpEventKind } from '../../src/platform/ftp-server/port.ts';
import type { Site } from '../../src/sites/sites.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

/** What the shortest known shell looks like; put together so that no scanner stumbles over this file. */
export const chopper = (name = 'pass') => `<?php @ev${'al'}($_PO${'ST'}['${name}']);?>`;
export const ordinary = '<?php\nrequire __DIR__ . "/wp-load.php";\necho get_the_title();\n';
/** A picture of one pixel. */
export const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export class IncomingHouse {
  readonly test: TestPanel;
  readonly visitor: Visitor;
  readonly site: Site;
  readonly email: string;

  private constructor(test: TestPanel, visitor: Visitor, site: Site, email: string) {
    this.test = test;
    this.visitor = visitor;
    this.site = site;
    this.email = email;
  }

  static async open(options: Partial<PanelOptions> = {}): Promise<IncomingHouse> {
    const test = await startPanel(options);
    const visitor = new Visitor(test);
    const email = `owner-${randomBytes(4).toString('hex')}@example.com`;
    const name = await visitor.arrive(email);
    return new IncomingHouse(test, visitor, await test.panel.doors.sites.byName(name), email);
  }

  get incoming() {
    return this.test.panel.doors.incoming;
  }

  get home(): string {
    return join(this.test.folder, 'sites', this.site.name);
  }

  /** @returns the path on the server of a path inside the site */
  at(path: string | Buffer): string {
    return join(this.home, path.toString());
  }

  /** Lays a file into the site as any program of the machine would. */
  async lay(path: string, content: string | Buffer): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), content);
  }

  event(kind: FtpEventKind, path: string, more: Partial<FtpEvent> = {}): FtpEvent {
    const from = { sessionId: '1', user: this.site.name, address: '203.0.113.7', isEncrypted: true };
    return { kind, at: this.test.clock.now(), ...from, path: this.at(path), ...more };
  }

  /** Lays files and tells of them, as the FTP server does. */
  async upload(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) await this.lay(path, content);
    await this.incoming.took(
      Object.keys(files).map((path) => this.event('stored', path)),
      this.site,
    );
    await this.judge();
  }

  /** Does what is due in this site now, in as many turns as that takes. */
  async judge(): Promise<void> {
    do await this.incoming.judge(this.site.id, new AbortController().signal);
    while (await this.#isSomethingDue());
  }

  async #isSomethingDue(): Promise<boolean> {
    const due = await this.test.panel.doors.connection.db
      .selectFrom('file_arrivals')
      .select('id')
      .where('site_id', '=', this.site.id)
      .where('judged_at', 'is', null)
      .where('due_at', '<=', this.test.clock.now())
      .limit(1)
      .execute();
    return due.length > 0;
  }

  /** Two rounds of the watch, and what they found judged once the FTP server has had its time to tell of it. */
  async watch(): Promise<void> {
    await this.incoming.watch(new AbortController().signal);
    await this.incoming.watch(new AbortController().signal);
    this.test.clock.advance(20 * second);
    await this.judge();
  }

  mark(path: string): Promise<boolean> {
    return this.test.panel.doors.sites.folders.mark(this.site, path.split('/'));
  }

  /** @returns `kind path code` of everything that was found, the oldest first */
  async findings(): Promise<string[]> {
    const rows = await this.incoming.findings(this.site, 0, 100_000);
    return rows.map(({ kind, path, code }) => `${kind} ${path} ${code}`).reverse();
  }

  isThere(path: string): Promise<boolean> {
    return stat(this.at(path)).then(
      () => true,
      () => false,
    );
  }

  /** @returns how many files lie in quarantine */
  async heldFiles(): Promise<number> {
    return (await readdir(join(this.test.folder, 'held', this.site.id)).catch(() => [])).length;
  }

  async lettersAbout(subject: RegExp): Promise<string[]> {
    const letters = await this.test.letters();
    return letters.filter((letter) => subject.test(decoded(letter)));
  }

  async audit(action: string): Promise<Record<string, unknown>[]> {
    const rows = await this.test.panel.doors.connection.db
      .selectFrom('audit')
      .select('details')
      .where('action', '=', action)
      .where('site_id', '=', this.site.id)
      .execute();
    return rows.map(({ details }) => JSON.parse(details));
  }

  /** The worker's round half a minute later. */
  async keep(later = minute / 2): Promise<void> {
    this.test.clock.advance(later);
    await this.incoming.keep();
    await this.judge();
  }

  close(): Promise<void> {
    return this.test.close();
  }
}

/** @returns a letter's subject and text as they are read */
export function decoded(letter: string): string {
  const subject = [...letter.matchAll(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi)]
    .map(([, kind = '', text = '']) => (kind.toUpperCase() === 'B' ? Buffer.from(text, 'base64').toString() : text))
    .join('');
  return `${subject}\n${letter}`;
}
