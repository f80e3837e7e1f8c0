// What a backup offers to choose from: what stands at the top of www/, and its databases.
import type { Backup } from '../backups/backups.ts';
import { localStamp } from '../platform/clock.ts';
import type { Site } from '../sites/sites.ts';
import type { TierName } from '../tiers/tiers.ts';
import type { PlanningParts } from './planning.ts';
import { sizesOf } from './source.ts';

/** Something right below `www/`, with all that is in it. */
export type Offered = { readonly path: string; readonly isFolder: boolean; readonly files: number; readonly bytes: number };

export type OfferedDatabase = {
  readonly name: string;
  readonly engine: string;
  readonly tables: number;
  readonly rows: number;
  readonly bytes: number;
};

export type Contained = {
  readonly offered: readonly Offered[];
  readonly isMore: boolean;
  readonly databases: readonly OfferedDatabase[];
  readonly stamp: string;
  /** where it is read from; undefined: the archive on this machine */
  readonly tier: TierName | undefined;
};

/** More are chosen by their paths. */
const mostOffered = 200;

export class Contents {
  readonly #parts: Pick<PlanningParts, 'sources' | 'clock' | 'choices'>;

  constructor(parts: Pick<PlanningParts, 'sources' | 'clock' | 'choices'>) {
    this.#parts = parts;
  }

  /** @throws PanelError 409, 410, 503 as `Sources.open`; DamagedArchive */
  async of(site: Site, backup: Backup): Promise<Contained> {
    const open = await this.#parts.sources.open(site, backup, new AbortController().signal);
    try {
      const found = new Map<string, { isFolder: boolean; files: number; bytes: number }>();
      let isMore = false;
      for await (const { name, kind, size } of open.outline()) {
        const [root, child, ...rest] = name.split('/');
        if (root !== 'www' || child === undefined) continue;
        const path = `www/${child}`;
        const known = found.get(path);
        if (!known && found.size >= mostOffered) isMore = true;
        const one = known ?? { isFolder: kind === 'folder' || rest.length > 0, files: 0, bytes: 0 };
        if (!known && found.size < mostOffered) found.set(path, one);
        if (kind === 'folder') continue;
        one.files += 1;
        one.bytes += kind === 'file' ? size : 0;
      }
      const databases = (await open.manifest()).databases.filter(({ engine }) => engine !== 'sqlite');
      const sizes = await sizesOf(
        open,
        databases.map(({ path }) => path),
      );
      return {
        offered: [...found].map(([path, one]) => ({ path, ...one })),
        isMore,
        databases: databases.map(({ path, ...one }) => ({ ...one, bytes: sizes.get(path) ?? 0 })),
        tier: open.tier,
        stamp: localStamp(backup.dataAt ?? backup.queuedAt, this.#parts.choices.timeZone),
      };
    } finally {
      await open.close();
    }
  }
}
