// Sites made by a program: a company's own provisioning, or ours for Unix users. One order on stdin, one answer on stdout (docs/servers.md).
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { hour, minute, second } from '../clock.ts';
import { conflict, notFound, unavailable } from '../errors.ts';
import { DiskSite } from '../storage/disk.ts';
import { answering } from '../storage/faults.ts';
import { Folder } from '../storage/folder.ts';
import { mostFolders } from '../storage/folder-totals.ts';
import { sharedModes } from '../storage/ownership.ts';
import type { SiteStorage } from '../storage/port.ts';
import type { Counted, Entry, HostedSite, RunEnd, RunInput, Runner, SiteHome, SiteHost, SshLogin } from './port.ts';

export type CommandHostOptions = {
  readonly run: Runner;
  /** milliseconds that an act may take, where another limit is wanted than the usual */
  readonly limitMilliseconds?: number;
  /** the files of a site at this home; by default in its folder on this machine */
  readonly storage?: (site: HostedSite, home: () => Promise<SiteHome>) => SiteStorage;
  /** what must answer too so that sites can be made; PanelError 503 with what is missing */
  readonly reached?: () => Promise<void>;
};

type Act = 'open' | 'suspend' | 'resume' | 'remove' | 'usage' | 'home' | 'check' | 'showBackup' | 'mend' | 'letIn' | 'endSession';

const limits: Readonly<Partial<Record<Act, number>>> = {
  remove: hour,
  usage: 10 * minute,
  mend: 10 * minute,
  showBackup: 6 * hour,
};
const usualLimit = minute;
/** EX_TEMPFAIL of sysexits.h: the same order may do later. */
const tryAgain = 75;
const mostTold = 300;

const count = z.number().int().nonnegative();
/** What every answer holds; it names act and site, so that an answer to another order is found out. */
const answer = z.object({
  version: z.literal(1),
  act: z.string(),
  site: z.string().nullable(),
  outcome: z.enum(['done', 'notFound', 'conflict', 'again', 'failed']),
});
const folderTotal = z.object({ path: z.array(z.string().min(1).max(1024)).min(1).max(3), bytes: count, files: count });
const usage = z.object({ bytes: count, files: count, folders: z.array(folderTotal).max(mostFolders).optional() });
const userName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/);
/** Nothing that leads elsewhere than it looks: another server opens it as it stands. */
const place = z
  .string()
  .max(4096)
  .refine((path) => path === resolve(path) && path !== '/' && !/\p{Cc}/u.test(path));
const home = z.object({ folder: place, userId: count, groupId: count, user: userName.optional() });

const ended = z.object({ ended: z.boolean() });
/** A person copies these words into a terminal. */
const login = z.object({
  login: z.object({
    user: userName,
    host: z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/),
    port: count.min(1).max(65_535),
    hostKeys: z.array(z.string().regex(/^(SHA256|MD5):[A-Za-z0-9+/=:]{1,190}$/)).max(20),
  }),
});
/** Where nobody is let in there is nowhere to connect to. */
const shut = z.object({ login: z.object({ user: userName, host: z.string(), port: count, hostKeys: z.array(z.string()) }) });

/** Acts throw RangeError for names that no site or backup can have, and PanelError 503 with what the program said as `code`. */
export function commandHost(options: CommandHostOptions): SiteHost {
  return new CommandHost(options);
}

/** @returns what a program said, fit for a terminal and a log: one line, without control characters */
export function told(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, mostTold);
}

const fault = (code: string) => unavailable('error.storage', { code: told(code) });

function checked<S extends HostedSite>(site: S): S {
  if (!/^[a-z0-9-]{3,32}$/.test(site.name)) throw new RangeError('Not the name of a site');
  return site;
}

class CommandHost implements SiteHost {
  readonly #options: CommandHostOptions;

  constructor(options: CommandHostOptions) {
    this.#options = options;
  }

  async open(site: HostedSite): Promise<void> {
    await this.#do('open', site);
  }

  async suspend(site: HostedSite): Promise<void> {
    await this.#do('suspend', site);
  }

  async resume(site: HostedSite): Promise<void> {
    await this.#do('resume', site);
  }

  async remove(site: HostedSite): Promise<void> {
    await this.#do('remove', site);
  }

  async mend(site: HostedSite): Promise<void> {
    await this.#do('mend', site);
  }

  async letIn(site: HostedSite, entries: readonly Entry[]): Promise<SshLogin> {
    const answered = await this.#ask('letIn', checked(site), order('letIn', site, { entries }));
    return parsed<z.infer<typeof login>>(entries.length > 0 ? login : shut, answered).login;
  }

  async endSession(site: HostedSite, session: { readonly process: string; readonly login: string }): Promise<boolean> {
    return parsed(ended, await this.#ask('endSession', checked(site), order('endSession', site, { session }))).ended;
  }

  async usage(site: HostedSite): Promise<Counted> {
    return parsed(usage, await this.#do('usage', site));
  }

  /** Asks only for a site that does not know its home yet: pages and the FTP server's questions start no program. */
  async homeOf(site: HostedSite): Promise<SiteHome> {
    return site.home ?? parsed(home, await this.#do('home', site));
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#ask('check', null, `${JSON.stringify({ version: 1, act: 'check' })}\n`, signal);
    const { reached } = this.#options;
    if (reached) await Promise.race([reached(), untilAborted(signal)]);
  }

  storageFor(site: HostedSite): SiteStorage {
    checked(site);
    const at = () => this.homeOf(site);
    return this.#options.storage?.(site, at) ?? localStorage(at);
  }

  async showBackup(site: HostedSite, name: string, from: string, checksum: string): Promise<void> {
    checked(site);
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name) || name.endsWith('.sha256'))
      throw new RangeError('Not the name of a backup');
    const archive = await answering(() => open(from, 'r'));
    try {
      await this.#send(site, { archive, name, checksum });
    } finally {
      await archive.close();
    }
  }

  /** The order's line says how many bytes follow it. */
  async #send(site: HostedSite, { archive, name, checksum }: { archive: FileHandle; name: string; checksum: string }) {
    const { size: bytes } = await archive.stat();
    const header = order('showBackup', site, { backup: { name, bytes, checksum } });
    const end = bytes === 0 ? 0 : bytes - 1;
    const body = createReadStream('', { fd: archive, autoClose: false, highWaterMark: 1024 * 1024, start: 0, end });
    let broken: string | undefined;
    body.on('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall === 'read') broken = error.code;
    });
    await this.#ask('showBackup', site, { header, body });
    // Whatever was answered: what came there was not the archive.
    if (broken) throw fault(`showBackup: the archive cannot be read (${broken})`);
  }

  #do(act: Act, site: HostedSite): Promise<unknown> {
    return this.#ask(act, checked(site), order(act, site));
  }

  async #ask(act: Act, site: HostedSite | null, input: RunInput, signal?: AbortSignal): Promise<unknown> {
    const limit = this.#options.limitMilliseconds ?? limits[act] ?? usualLimit;
    const late = AbortSignal.timeout(limit);
    const until = signal ? AbortSignal.any([signal, late]) : late;
    const end = await this.#options.run(input, { signal: until }).catch((error: unknown) => {
      if (until.aborted) throw fault(`${act}: no answer within ${limit / second} s`);
      throw fault(`${act}: ${error instanceof Error ? error.message : 'could not be run'}`);
    });
    return judged(end, act, site);
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(fault('check: no answer in time'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function order(act: Act, { id, name, quotaBytes }: HostedSite, more: object = {}): string {
  return `${JSON.stringify({ version: 1, act, site: { id, name, ...(quotaBytes !== undefined && { quotaBytes }) }, ...more })}\n`;
}

/** Nothing counts as done but an answer to this very order. */
function judged({ code, stdout, stderr }: RunEnd, act: Act, site: HostedSite | null): unknown {
  const trouble = told(stderr);
  if (code === tryAgain) throw fault(`${act}: try again: ${trouble}`);
  if (code !== 0) throw fault(`${act}: ended with ${code ?? 'a signal'}: ${trouble}`);
  const json = jsonOf(stdout);
  const { data } = answer.safeParse(json);
  if (!data) throw fault(`${act}: the answer is none: ${told(stdout) || trouble || 'nothing was said'}`);
  if (data.act !== act || data.site !== (site?.id ?? null))
    throw fault(`${act}: the answer is to another order or for another site`);
  if (data.outcome === 'notFound') throw notFound();
  if (data.outcome === 'conflict') throw conflict('error.conflict', { code: trouble });
  if (data.outcome !== 'done') throw fault(`${act}: ${trouble || data.outcome}`);
  return json;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsed<T>(schema: z.ZodType<T>, json: unknown): T {
  const { data } = schema.safeParse(json);
  if (data === undefined) throw fault('the answer lacks what was asked for');
  return data;
}

/** The panel's own files get the group and the rights of the folder that they come into, so that the site's user may use them. */
function localStorage(at: () => Promise<SiteHome>): SiteStorage {
  return new DiskSite(
    async () => Folder.open((await at()).folder),
    async () => undefined,
    sharedModes,
  );
}
