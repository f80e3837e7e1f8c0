// A site's files while it is still being asked which server they lie on: every act waits for the answer.
import type { Entry, ReadFile, SiteLister, SitePath, SiteReader, SiteStorage, WholeFile } from '../platform/storage/port.ts';

/** @param found asked once, at the first act; asked again after it failed */
export function laterStorage(found: () => Promise<SiteStorage>): SiteStorage {
  let asked: Promise<SiteStorage> | undefined;
  const storage = () => {
    asked ??= found();
    asked.catch(() => {
      asked = undefined;
    });
    return asked;
  };
  return {
    stat: async (path) => (await storage()).stat(path),
    list: async (path, only) => (await storage()).list(path, only),
    lister: () => laterLister(async () => (await storage()).lister()),
    walk: async (path, beside) => (await storage()).walk(path, beside),
    names: async (path) => (await storage()).names(path),
    open: async (path, range) => (await storage()).open(path, range),
    reader: () => laterReader(async () => (await storage()).reader()),
    makeFolder: async (path) => (await storage()).makeFolder(path),
    put: async (path, from, mode) => (await storage()).put(path, from, mode),
    layer: async () => (await storage()).layer(),
    makeLink: async (path, target) => (await storage()).makeLink(path, target),
    setDetails: async (path, details) => (await storage()).setDetails(path, details),
    freeBytes: async () => (await storage()).freeBytes(),
    move: async (from, to) => (await storage()).move(from, to),
    take: async (path, stamp, into) => (await storage()).take(path, stamp, into),
    held: async (path, act) => (await storage()).held(path, act),
    remove: async (path) => (await storage()).remove(path),
  };
}

function laterReader(found: () => Promise<SiteReader>): SiteReader {
  let reader: Promise<SiteReader> | undefined;
  return {
    open: async (path: SitePath): Promise<ReadFile> => {
      reader ??= found();
      return (await reader).open(path);
    },
    whole: async (path: SitePath, into: Uint8Array): Promise<WholeFile> => {
      reader ??= found();
      return (await reader).whole(path, into);
    },
    close: async () => (await reader)?.close(),
  };
}

function laterLister(found: () => Promise<SiteLister>): SiteLister {
  let lister: Promise<SiteLister> | undefined;
  return {
    list: async (path: SitePath): Promise<Entry[]> => {
      lister ??= found();
      return (await lister).list(path);
    },
    close: async () => (await lister)?.close(),
  };
}
