// A panel whose owner has a site with files in it: what most tests of files begin with.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

export type OwnSite = {
  readonly house: TestPanel;
  readonly owner: Visitor;
  readonly site: string;
  /** address of the site's files */
  readonly files: string;
  /** @returns where something below `www/` lies on the disk */
  www(...path: string[]): string;
  /** Puts a file below `www/`, past the panel. */
  lay(path: string, content?: string): Promise<void>;
};

export async function startOwnSite(): Promise<OwnSite> {
  const house = await startPanel({ limitsScale: 1000 });
  const owner = new Visitor(house);
  const site = await owner.arrive('owner@example.com');
  const www = (...path: string[]) => join(house.folder, 'sites', site, 'www', ...path);
  const lay = async (path: string, content = 'x') => {
    await mkdir(dirname(www(path)), { recursive: true });
    await writeFile(www(path), content);
  };
  return { house, owner, site, files: `/sites/${site}/files`, www, lay };
}
