// A site's files on another server, reached by SFTP as the site's own system user (docs/decisions/0017-sftp-storage.md).
import { unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { conflict, notFound, PanelError, unavailable } from '../errors.ts';
import type { SftpLease, SftpServer } from '../ssh/port.ts';
import { answering } from './faults.ts';
import { checked, split } from './path.ts';
import type {
  ByteRange,
  Entry,
  EntryDetails,
  Named,
  OpenFile,
  PutMode,
  SiteLister,
  SitePath,
  SiteReader,
  SiteStorage,
} from './port.ts';
import { makeLink, setDetails } from './sftp-details.ts';
import {
  at,
  describe,
  describeAt,
  enter,
  fault,
  isFolder,
  kindOf,
  lookAt,
  type Remote,
  readShown,
  readWhole,
  walk,
} from './sftp-paths.ts';
import { openStream, SftpReader } from './sftp-reading.ts';
import { takeOut } from './sftp-taking.ts';
import {
  clearAbandoned,
  makeFolders,
  moveFolder,
  moveToFreeName,
  openFinished,
  publish,
  removeTree,
  syncFolder,
} from './sftp-writing.ts';
import { forEach } from './tree.ts';

export type SftpStorageOptions = {
  /** the server's connections (`new SshServer(…)`): one value a server, shared by all of its sites */
  readonly server: SftpServer;
  /** the site's own system user, whom the server puts into the site's folder (`gotgan server sshd-config`) */
  readonly user: string;
  /** path inside the session of the folder that holds `www/` and `backup/`: `/` with the configuration we print */
  readonly root?: string;
};

/**
 * @returns the files of one site on another server. Nothing is opened before it is asked for something. As on the disk, names that
 * are stored decomposed (NFD) or in EUC-KR are listed and found in NFC, and our own names of what is under way (`.gotgan-<uuid>`) are not there. Other
 * than there: times are whole seconds, and a stamp does not change when the content time was set back and the size is the same.
 */
export function sftpStorage({ server, user, root = '/' }: SftpStorageOptions): SiteStorage {
  return sftpStorageBy(async () => ({ ...(await server.lease(user)), root: root.replace(/\/+$/, '') }));
}

/** A session, and the path in it of the folder that holds `www/` and `backup/`, without a stroke at its end. */
export type RootedLease = SftpLease & { readonly root: string };

/** The same where it is decided anew at each act who comes in. @param lease asked for each act */
export function sftpStorageBy(lease: () => Promise<RootedLease>): SiteStorage {
  return new SftpSite(lease);
}

/** milliseconds */
const discardPauses = [0, 1000, 5000, 25_000, 125_000];

class SftpSite implements SiteStorage {
  readonly #lease: () => Promise<RootedLease>;

  constructor(lease: () => Promise<RootedLease>) {
    this.#lease = lease;
  }

  async #with<T>(act: (remote: Remote) => Promise<T>): Promise<T> {
    return answering(async () => {
      const { session, root, release } = await this.#lease();
      return act({ session, root }).finally(release);
    });
  }

  async stat(path: SitePath): Promise<Entry> {
    checked(path);
    return this.#with(async (remote) => {
      if (path.length === 0) return describe('', await remote.session.lstat(at(remote, [])));
      const { names, found } = await walk(remote, path);
      const last = found.length === path.length ? found.at(-1) : undefined;
      const entry = last && (await describeAt(remote, path.at(-1) ?? '', names, last));
      if (!entry) throw notFound();
      return entry;
    });
  }

  async list(path: SitePath, only?: readonly string[]): Promise<Entry[]> {
    checked(path);
    const wanted = only && new Set(checked(only));
    return this.#with(async (remote) => {
      const folder = await enter(remote, path);
      const inside = await readWhole(remote, folder);
      await clearAbandoned(remote, folder, inside);
      const shown = [...readShown(inside)].filter(([name]) => wanted?.has(name) ?? true);
      const entries = await forEach(shown, ([shown, { name, attributes }]) =>
        describeAt(remote, shown, [...folder, name], attributes),
      );
      return entries.filter((entry) => entry !== undefined);
    });
  }

  async names(path: SitePath): Promise<Named[]> {
    checked(path);
    return this.#with(async (remote) => {
      const inside = await readWhole(remote, await enter(remote, path));
      return Array.from(readShown(inside), ([name, { attributes }]) => ({ name, kind: kindOf(attributes) }));
    });
  }

  async open(path: SitePath, range?: ByteRange): Promise<OpenFile> {
    if (checked(path).length === 0) throw notFound();
    return answering(async () => openStream(await this.#lease(), path, range));
  }

  lister(): SiteLister {
    return { list: (path) => this.list(path), close: async () => {} };
  }

  async walk(): Promise<undefined> {}

  reader(): SiteReader {
    return new SftpReader({ lease: this.#lease, stat: (path) => this.stat(path) });
  }

  async makeFolder(path: SitePath): Promise<void> {
    checked(path);
    await this.#with((remote) => makeFolders(remote, path));
  }

  /** As the port says; when it fails `from` stays, so that the same file may be put under another name. */
  async put(path: SitePath, from: string, mode: PutMode): Promise<void> {
    split(path);
    await answering(async () => {
      const file = await openFinished(from);
      const discard = (left: Buffer) => void this.#discard(left);
      await this.#with((remote) => publish(remote, path, { file, mode, discard })).finally(() => file.close());
      await unlink(from);
    });
  }

  /** Removes what a line that broke has left, as soon as the server answers again; what stays all the same goes after a day (`list`). */
  async #discard(left: Buffer): Promise<void> {
    for (const pause of discardPauses) {
      await sleep(pause, undefined, { ref: false });
      const isOver = await this.#with(({ session }) => session.remove(left)).then(
        () => true,
        (error) => !(error instanceof PanelError && error.status === 503),
      );
      if (isOver) return;
    }
  }

  async layer(): Promise<undefined> {
    return undefined;
  }

  async makeLink(path: SitePath, target: string): Promise<void> {
    split(path);
    await this.#with((remote) => makeLink(remote, path, target));
  }

  async setDetails(path: SitePath, details: EntryDetails): Promise<void> {
    split(path);
    await this.#with((remote) => setDetails(remote, path, details));
  }

  /** SFTP version 3 cannot be asked. */
  async freeBytes(): Promise<undefined> {
    return undefined;
  }

  async held(): Promise<undefined> {
    return undefined;
  }

  async move(from: SitePath, to: SitePath): Promise<void> {
    split(from);
    split(to);
    if (from.length < to.length && from.every((segment, index) => segment === to[index])) throw conflict();
    await this.#with(async (remote) => {
      const [source, target] = await Promise.all([walk(remote, from), walk(remote, to)]);
      const moved = source.found.length === from.length ? source.found.at(-1) : undefined;
      const parents = target.found.slice(0, to.length - 1);
      if (!moved || parents.length < to.length - 1 || !parents.every(isFolder)) throw fault('ENOENT');
      const move = isFolder(moved) ? moveFolder : moveToFreeName;
      await move(remote, at(remote, source.names), at(remote, target.names));
      await syncFolder(remote, target.names.slice(0, -1));
      await syncFolder(remote, source.names.slice(0, -1));
    });
  }

  async take(path: SitePath, stamp: string | undefined, into: string): Promise<void> {
    split(path);
    await this.#with(async (remote) => {
      const { names, found } = await walk(remote, path);
      if (!found.slice(0, path.length - 1).every(isFolder) || found.length < path.length - 1) throw notFound();
      await takeOut(remote, names, { stamp, into, anew: (act) => this.#with(act) });
    });
  }

  async remove(path: SitePath): Promise<void> {
    split(path);
    await this.#with(async (remote) => {
      const { names, found } = await walk(remote, path);
      // As on the disk: without the site's folder nobody knows what is there.
      if (found.length === 0 && !(await lookAt(remote, at(remote, [])))) throw unavailable('error.storage', { code: 'ENOENT' });
      if (!found.slice(0, path.length - 1).every(isFolder)) throw fault('ENOTDIR');
      const last = found.length === path.length ? found.at(-1) : undefined;
      if (!last) return;
      await removeTree(remote, names, last);
      await syncFolder(remote, names.slice(0, -1));
    });
  }
}
