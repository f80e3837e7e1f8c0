// Addresses of tiers: `file:/folder`, `restic:/folder`, `restic:sftp:user@host:/folder`, `restic:s3:https://key:secret@host/bucket/folder`, `pull:host`.

export type FolderAddress = { readonly kind: 'folder'; readonly path: string };

export type ResticAddress = {
  readonly kind: 'restic';
  /** what restic calls the place, without the site's own part at its end */
  readonly repository: string;
  /** undefined: a folder of this machine, `path` */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** where in that host's storage: no two tiers may have the same */
  readonly path: string;
  /** signs in by the panel's key */
  readonly user: string | undefined;
  /** signs requests to an S3 store; never part of a command or a line of the log */
  readonly s3: { readonly keyId: string; readonly secret: string; readonly region: string | undefined } | undefined;
};

/** A backup host that comes for backups by itself (KHADA 8.7): the panel reaches nothing there. */
export type PulledAddress = { readonly kind: 'pulled'; readonly host: string; readonly path: string };

export type TierAddress = FolderAddress | ResticAddress | PulledAddress;

/** What a tier must not be, with the clause that says so. */
const standby = /^(standby|replica|cross):/i;

/** @returns whether the address names a live copy instead of a backup (KHADA 8.6b, SL 9-2b) */
export const isStandby = (text: string) => standby.test(text);

/** @returns undefined where the text is no address that is known here; nothing of it is repeated, since it may hold a secret */
export function tierAddress(text: string): TierAddress | undefined {
  if (text.startsWith('file:')) return isFolder(text.slice(5)) ? { kind: 'folder', path: text.slice(5) } : undefined;
  if (text.startsWith('pull:')) return pulledAddress(text.slice('pull:'.length));
  if (!text.startsWith('restic:')) return undefined;
  const rest = text.slice('restic:'.length);
  if (rest.startsWith('sftp:')) return sftpAddress(rest.slice('sftp:'.length));
  if (rest.startsWith('s3:')) return s3Address(rest.slice('s3:'.length));
  return isFolder(rest) ? { kind: 'restic', repository: rest, ...here, path: rest } : undefined;
}

const here = { host: undefined, port: undefined, user: undefined, s3: undefined } as const;
const isFolder = (path: string) => path !== '' && !/[\r\n"'\\\0]/.test(path) && !/^[a-z][a-z0-9+.-]*:/i.test(path);
const hostName = /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)$/;
const bare = (host: string) => host.replace(/^\[|\]$/g, '').toLowerCase();

const pulledAddress = (host: string): PulledAddress | undefined =>
  hostName.test(host) ? { kind: 'pulled', host: bare(host), path: '' } : undefined;

/** `user@host:/folder`, or `//user@host:port/folder` where the port is another one than 22. */
function sftpAddress(text: string): ResticAddress | undefined {
  const found =
    /^\/\/([\w.-]+)@(\[[^\]]+\]|[^:/@]+)(?::(\d{1,5}))?(\/.*)$/.exec(text) ??
    /^([\w.-]+)@(\[[^\]]+\]|[^:/@]+)()?:(\/?.*)$/.exec(text);
  const [, user = '', host = '', port, path = ''] = found ?? [];
  if (!hostName.test(host) || user.startsWith('-') || !isFolder(path)) return undefined;
  const repository = `sftp:${user}@${host}:${path}`;
  return { kind: 'restic', repository, host: bare(host), port: port ? Number(port) : 22, path, user, s3: undefined };
}

function s3Address(text: string): ResticAddress | undefined {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const path = url.pathname.replace(/\/+$/, '');
  const [keyId, secret] = [url.username, url.password].map(decodeURIComponent);
  if (!keyId || !secret || !/^\/[a-z0-9][a-z0-9.-]{1,62}(\/[\w.-]+)*$/.test(path)) return undefined;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const s3 = { keyId, secret, region: url.searchParams.get('region') ?? undefined };
  return {
    kind: 'restic',
    repository: `s3:${url.protocol}//${url.host}${path}`,
    host: bare(url.hostname),
    port,
    path,
    user: undefined,
    s3,
  };
}

/** @returns whether the tier lies on another host than the panel: a folder of this machine, or loopback, is no second tier (KHADA 8.5, 8.6) */
export function liesElsewhere(text: string | undefined): boolean {
  const address = text === undefined ? undefined : tierAddress(text);
  const host = address === undefined ? undefined : hostOf(address);
  return host !== undefined && !isLoopback(host);
}

/** @returns the host that the tier lies on; undefined for this machine */
export const hostOf = (address: TierAddress): string | undefined => (address.kind === 'folder' ? undefined : address.host);

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host) || host.endsWith('.localhost');
