// A host whose disk is like that of a Mac or of Windows: it keeps the spelling in which a name came, and finds it in every other case.
import { folderHost } from '../../src/platform/site-host/folders.ts';
import type { SiteHost } from '../../src/platform/site-host/port.ts';
import type { SitePath, SiteStorage } from '../../src/platform/storage/port.ts';

type Call = (...given: unknown[]) => unknown;

/** @returns `whole` with some of its calls answered by others; everything else is its own */
function answering<T extends object>(whole: T, calls: Readonly<Record<string, Call>>): T {
  return new Proxy(whole, {
    get(target, name) {
      const own = Reflect.get(target, name) as unknown;
      return calls[String(name)] ?? (typeof own === 'function' ? own.bind(target) : own);
    },
  });
}

function folding(storage: SiteStorage): SiteStorage {
  const spelled = async (path: SitePath): Promise<SitePath> => {
    const name = path.at(-1) ?? '';
    const names = await storage.names(path.slice(0, -1)).catch(() => []);
    const known = names.find((one) => one.name.toLowerCase() === name.toLowerCase());
    return [...path.slice(0, -1), known?.name ?? name];
  };
  return answering(storage, {
    stat: async (path) => storage.stat(await spelled(path as SitePath)),
    put: async (path, from, mode) =>
      storage.put(await spelled(path as SitePath), from as string, mode as Parameters<SiteStorage['put']>[2]),
  });
}

/** Folders of this machine on such a disk. @param root of the open sites, `closedRoot` of the suspended ones */
export function foldingHost(root: string, closedRoot: string): SiteHost {
  const host = folderHost({ root, closedRoot });
  return answering(host, { storageFor: (site) => folding(host.storageFor(site as Parameters<SiteHost['storageFor']>[0])) });
}
