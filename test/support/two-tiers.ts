// Two tiers for panels of tests: folders that stand for hosts elsewhere, so that pages say what they say with real ones.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderTier } from '../../src/platform/tier/folder.ts';
import type { TiersParts } from '../../src/tiers/tiers.ts';

/** @returns an option of the panel, and the folder that whoever uses it removes */
export function twoTiers(): { tiers: TiersParts['setUp']; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'gotgan-tiers-'));
  const tiers: TiersParts['setUp'] = () => [
    { name: 'short-term', tier: folderTier(join(folder, 'short-term')), isElsewhere: true, place: '가산 데이터센터' },
    { name: 'long-term', tier: folderTier(join(folder, 'long-term')), isElsewhere: true, place: '분당 데이터센터' },
  ];
  return { tiers, folder };
}
