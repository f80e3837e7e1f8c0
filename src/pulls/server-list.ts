// The servers that a backup host reaches: a file of its own, so that no row can lead it elsewhere.

export type ListedServer = {
  /** as the panel calls it; `staging`: where renderings are laid */
  readonly name: string;
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** that holds the sites, or what was staged, as the session sees it; without a stroke at its end */
  readonly folder: string;
  /** fingerprints of host keys (`SHA256:…`): any other key stops the job */
  readonly hostKeys: readonly string[];
};

export const stagingName = 'staging';

const lineForm = 'name user@host[:port] /folder SHA256:…';
const isName = (text: string) => /^[a-z0-9][a-z0-9-]{0,63}$/.test(text);
const isFolder = (text: string) => /^\/([A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*)?$/.test(text) && !/(^|\/)\.{1,2}(\/|$)/.test(text);
const isFingerprint = (text: string) => /^SHA256:[A-Za-z0-9+/]{43}$/.test(text);

/**
 * @param text one server a line, `name user@host[:port] /folder SHA256:… [SHA256:…]`; `#` begins a remark
 * @returns servers by name, and a sentence for each line that is none
 */
export function serverList(text: string): { servers: ReadonlyMap<string, ListedServer>; faults: readonly string[] } {
  const servers = new Map<string, ListedServer>();
  const faults: string[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    const server = serverOf(words);
    if (typeof server === 'string') faults.push(`line ${at + 1}: ${server}; it is ${lineForm}`);
    else if (servers.has(server.name)) faults.push(`line ${at + 1}: ${server.name} stands there twice`);
    else servers.set(server.name, server);
  }
  return { servers, faults };
}

function serverOf([name = '', address = '', folder = '', ...hostKeys]: string[]): ListedServer | string {
  const [, user = '', host = '', port] =
    /^([a-z_][a-z0-9_-]*)@(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(address) ?? [];
  if (!isName(name)) return 'the name of the server is none';
  if (user === '' || host.startsWith('-')) return 'user@host is none';
  if (!isFolder(folder)) return 'the folder of its sites is no absolute path';
  if (hostKeys.length === 0 || !hostKeys.every(isFingerprint)) return 'the fingerprint of its host key is missing or none';
  const plain = host.replace(/^\[|\]$/g, '');
  return { name, user, host: plain, port: Number(port ?? 22), folder: folder === '/' ? '' : folder, hostKeys };
}
