// Tells web servers of this machine which folders run nothing: one file a site, which their configuration includes, and the operator's own reload.
import { execFile } from 'node:child_process';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { minute } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import { apacheSite } from '../platform/webserver/apache.ts';
import type { WebSite } from '../platform/webserver/kinds.ts';
import { nginxSite } from '../platform/webserver/nginx.ts';
import { documentRoot, spellingsOf } from '../platform/webserver/spellings.ts';
import type { Site } from '../sites/sites.ts';
import type { IncomingParts } from './incoming.ts';
import type { ProtectionStore } from './protection-store.ts';

export const webServerKinds = { nginx: nginxSite, apache: apacheSite } as const;
export type WebServerKind = keyof typeof webServerKinds;

export type WebServerChoices = {
  /** folders for the files of each kind */
  readonly folders: readonly { readonly kind: WebServerKind; readonly folder: string }[];
  /** program and arguments that test the configuration and have the servers read it; without it nobody is told of a change */
  readonly reload: readonly string[] | undefined;
};

const run = promisify(execFile);
const isOurs = /^([a-z0-9-]{3,32})\.conf$/;

export class WebServers {
  readonly #parts: Pick<IncomingParts, 'connection' | 'clock' | 'sites' | 'queue' | 'log'>;
  readonly #store: ProtectionStore;
  readonly #choices: WebServerChoices;

  constructor(parts: IncomingParts, store: ProtectionStore, choices: WebServerChoices) {
    this.#parts = parts;
    this.#store = store;
    this.#choices = choices;
  }

  /** False: the operator takes the files from `gotgan webserver`. */
  get areTold(): boolean {
    return this.#choices.folders.length > 0;
  }

  /**
   * The job `incoming.tellServers`: writes the site's files anew and has them read. What a server refuses is taken back, so that one folder
   * never keeps it from starting. May be repeated. @throws what went wrong, so that the job comes again
   */
  async tell(siteId: string): Promise<void> {
    if (!this.areTold) return;
    const { connection, clock, sites } = this.#parts;
    const site = await sites.byId(siteId).catch(whenMissing);
    // A suspended site lies elsewhere and is not served; what was written stays for when it is.
    if (!site || site.openedAt === null || (site.suspendedAt !== null && site.terminatedAt === null)) return;
    try {
      const web = site.terminatedAt === null ? await this.ofSite(site) : undefined;
      await this.#write(site.name, web, siteId);
      await connection.write((tx) => this.#store.setScan(tx, siteId, { written_at: clock.now(), write_fault: null }));
    } catch (error) {
      const fault = faultOf(error);
      await connection.write((tx) => this.#store.setScan(tx, siteId, { write_fault: fault }));
      throw error;
    }
  }

  /** @returns the site as web servers are told of it; undefined when it has no upload folder, or lies on another machine */
  async ofSite(site: Site): Promise<WebSite | undefined> {
    const { sites } = this.#parts;
    const marked = await sites.folders.list(site);
    if (marked.length === 0 || !(await sites.ftpServer(site))?.isHere) return undefined;
    const root = documentRoot((await sites.homeOf(site)).folder);
    const folders = await Promise.all(marked.map(({ path }) => spellingsOf(path.slice(1), root)));
    return { name: site.name, root, folders };
  }

  /** @param siteId of which it is kept whether the servers have read what stands there; left out for a site that is gone */
  async #write(name: string, web: WebSite | undefined, siteId?: string): Promise<void> {
    const changes = this.#choices.folders.map(({ kind, folder }) => ({
      file: join(folder, `${name}.conf`),
      content: web && webServerKinds[kind](web),
    }));
    const before = await Promise.all(changes.map(({ file }) => readFile(file).catch(whenNotThere)));
    const changed = changes.filter(({ content }, at) => !same(content, before[at]));
    if (changed.length === 0 && (siteId === undefined || (await this.#store.scan(siteId))?.written_at)) return;
    // Whoever dies before the servers have read it must not find it written, and believe that they have.
    if (siteId !== undefined) await this.#parts.connection.write((tx) => this.#store.setScan(tx, siteId, { written_at: null }));
    for (const change of changed) await put(change);
    try {
      await this.#reload();
    } catch (error) {
      for (const [at, { file }] of changes.entries()) await put({ file, content: before[at] });
      throw error;
    }
  }

  async #reload(): Promise<void> {
    const [program, ...args] = this.#choices.reload ?? [];
    if (program !== undefined) await run(program, args, { timeout: minute });
  }

  /** By the clock: what was missed is told, and files of sites that have none any more are removed. */
  async tellAll(): Promise<void> {
    if (!this.areTold) return;
    const { connection, sites, queue } = this.#parts;
    // Before the sites, or what is written for one meanwhile would be taken for a file of none.
    const written = await this.#written();
    const asked = new Set<string>();
    for (let after = ''; ; ) {
      const ids = await sites.folders.sitesWithFolders(after, 500);
      for (const siteId of ids) {
        const site = await sites.byId(siteId).catch(whenMissing);
        if (!site || site.terminatedAt !== null) continue;
        asked.add(site.name);
        const payload = { siteId, customerId: site.customerId };
        await connection.write((tx) =>
          queue.add(tx, 'incoming.tellServers', payload, { key: `incoming.tellServers:${siteId}`, lane: 'short' }),
        );
      }
      const last = ids.at(-1);
      if (last === undefined) break;
      after = last;
    }
    for (const name of written) if (!asked.has(name)) await this.#write(name, undefined);
  }

  /** @returns names of sites that have a file of ours */
  async #written(): Promise<Set<string>> {
    const names = new Set<string>();
    for (const { folder } of this.#choices.folders)
      for (const file of await readdir(folder)) {
        const name = file.match(isOurs)?.[1];
        if (name !== undefined && (await isWritten(join(folder, file)))) names.add(name);
      }
    return names;
  }
}

/** An operator may keep files of their own beside ours. */
const isWritten = async (file: string) =>
  (await readFile(file, 'utf8').catch(whenNotThere))?.startsWith('# Upload folders of ') ?? false;

const same = (one: Buffer | undefined, other: Buffer | undefined) => (one && other ? one.equals(other) : one === other);

function whenNotThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** A server that reads meanwhile sees the old file or the new one. */
async function put({ file, content }: { readonly file: string; readonly content: Buffer | undefined }): Promise<void> {
  if (!content) return rm(file, { force: true });
  await writeFile(`${file}.new`, content, { mode: 0o644 });
  await rename(`${file}.new`, file);
}

function faultOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  return (said.trim() || (error instanceof Error ? error.message : String(error))).slice(0, 300);
}
