// Moving and renaming: what keeps its kind may go; a new kind, and what comes into an upload folder, meets the whole policy.
import { conflict, Invalid, whenMissing } from '../platform/errors.ts';
import { startsWith } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';
import { rulesOf } from './areas.ts';
import { type Deeds, moved } from './deeds.ts';
import { type EnteringParts, judgeEntering, refuse } from './entering.ts';
import type { Doer } from './files.ts';
import { canonicalName, judgeFile, judgeFolders, judgeName, steersServers } from './policy.ts';

export class Moving {
  readonly #parts: EnteringParts;
  readonly #deeds: Deeds;

  constructor(parts: EnteringParts, deeds: Deeds) {
    this.#parts = parts;
    this.#deeds = deeds;
  }

  /** See `Files.move`. */
  async move(site: Site, doer: Doer, paths: readonly SitePath[], to: SitePath, name?: string): Promise<void> {
    const storage = this.#parts.sites.storageFor(site);
    requireWww(to);
    if ((await storage.stat(to)).kind !== 'folder') throw conflict();
    await this.#deeds.carryOut(site, doer.actor, moved, paths.length, async (done) => {
      for (const path of paths) if (await this.#moveOne(site, path, to, name)) done.count += 1;
    });
  }

  /** @returns false when it stands there already */
  async #moveOne(site: Site, path: SitePath, to: SitePath, name: string | undefined): Promise<boolean> {
    const storage = this.#parts.sites.storageFor(site);
    const old = requireInsideWww(path);
    const target = [...to, name === undefined || name === '' ? old : nameOr('name', name)];
    if (target.join('/') === path.join('/')) return false;
    if (startsWith(target, path)) throw new Invalid({ to: [{ key: 'files.moveIntoItself', parameters: { name: old } }] });
    await this.#judgeMove(site, path, target);
    await judgeEntering(this.#parts, site, {
      from: path,
      to: target,
      field: name ? 'name' : 'to',
    });
    if (await storage.stat(target).catch(whenMissing)) {
      throw new Invalid({ [name ? 'name' : 'to']: [{ key: 'files.targetExists', parameters: { name: target.at(-1) ?? '' } }] });
    }
    await storage.move(path, target);
    return true;
  }

  async #judgeMove(site: Site, from: SitePath, to: SitePath): Promise<void> {
    const storage = this.#parts.sites.storageFor(site);
    const entry = await storage.stat(from);
    const [before = '', after = ''] = [from.at(-1), to.at(-1)];
    if (before === after || (kindParts(before) === kindParts(after) && !steersServers(after))) return;
    const rules = (await rulesOf(this.#parts.sites, this.#parts.lists, site))(to);
    if (entry.kind !== 'file') return refuse('name', judgeFolders([after], rules));
    refuse('name', judgeName([after], rules));
    const { stream } = await storage.open(from);
    const { path, remove } = await this.#parts.quarantine.copy(stream);
    try {
      refuse('name', await judgeFile({ path: [after], from: path, bytes: entry.size }, rules));
    } finally {
      await remove();
    }
  }
}

/** The dot-parts after the first: a name that keeps them keeps its kind. */
const kindParts = (name: string) => name.toLowerCase().split('.').slice(1).join('.');

/** @returns the canonical name. @throws Invalid on `field` */
export function nameOr(field: string, typed: string): string {
  const canonical = canonicalName(typed);
  if ('refusal' in canonical) refuse(field, canonical.refusal);
  return 'name' in canonical ? canonical.name : '';
}

/** @throws Invalid for what is not in `www/` */
export function requireWww(path: SitePath): SitePath {
  if (path[0] !== 'www') throw new Invalid({ to: [{ key: 'files.onlyWww' }] });
  return path;
}

/** @returns the last segment of something below `www/` */
export function requireInsideWww(path: SitePath): string {
  const name = path.at(-1);
  if (path[0] !== 'www' || path.length < 2 || name === undefined) throw new Invalid({ path: [{ key: 'files.onlyWww' }] });
  return name;
}
