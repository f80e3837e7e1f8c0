// What checks held back in a customer's site, in every state that its page can show.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FindingStore, type NewFinding } from '../../src/incoming/finding-store.ts';
import { WatchStore } from '../../src/incoming/watch-store.ts';
import { hour } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Site } from '../../src/sites/sites.ts';
import type { TestPanel } from '../support/panel.ts';

type Row = Pick<NewFinding, 'kind' | 'path' | 'code'> & {
  readonly parameters?: object;
  readonly user?: string;
  readonly bytes?: number;
  readonly is?: 'restored_at' | 'dropped_at';
};

const list = 'jpg png gif webp pdf hwp docx zip';
const rows: readonly Row[] = [
  {
    kind: 'refused',
    path: 'www/wp-includes/class-cache-old.php',
    code: 'web_shell',
    parameters: { sig: 'eval-input' },
    user: 'haetsal.dev',
    bytes: 1204,
  },
  { kind: 'found', path: 'www/data/file/free/3018932_thumb.php', code: 'type_not_allowed', parameters: { ext: 'php', list } },
  {
    kind: 'refused',
    path: 'www/data/editor/2611/견적서.php.jpg',
    code: 'double_ext',
    parameters: { a: 'php', b: 'jpg' },
    user: 'haetsal',
    bytes: 48_120,
  },
  {
    kind: 'refused',
    path: 'www/data/설치 파일 모음/한글뷰어.exe',
    code: 'executable',
    parameters: { found: 'PE' },
    user: 'haetsal',
    bytes: 84_200_000,
  },
  { kind: 'refused', path: 'www/data/a.png', code: 'waiting', user: 'haetsal', bytes: 3_200 },
  {
    kind: 'refused',
    path: 'www/data/행사사진.zip',
    code: 'password_zip',
    parameters: { first: '1.jpg' },
    user: 'haetsal',
    bytes: 9_100_000,
    is: 'restored_at',
  },
  {
    kind: 'refused',
    path: `www/data/${'아주긴이름으로저장한사진묶음'.repeat(4)}.png`,
    code: 'content_mismatch',
    parameters: { ext: 'png', found: 'server-code' },
    user: 'haetsal',
    bytes: 812,
    is: 'dropped_at',
  },
  { kind: 'noted', path: 'www/lib/geo-table.php', code: 'partly', user: 'haetsal.dev', bytes: 6_400_000 },
];

/** Writes them, an hour apart, the first of the list newest; and as many more that the page has a second one. @returns the id of one that lies where it was found */
export async function writeFindings(house: TestPanel, siteName: string): Promise<string> {
  const { connection, sites, clock } = house.panel.doors;
  const site = await sites.byName(siteName);
  const store = new FindingStore(connection);
  const more: Row[] = Array.from({ length: 50 }, (_, at) => ({
    ...{
      kind: 'refused' as const,
      path: `www/data/old/${at + 1}.php`,
      code: 'type_not_allowed',
      parameters: { ext: 'php', list },
    },
    user: 'haetsal',
  }));
  let found = '';
  for (const [at, row] of [...rows, ...more].entries()) {
    const foundAt = clock.now() - (at + 1) * hour;
    const id = newId(foundAt);
    const stamp = row.kind === 'found' ? await lay(house, site, row.path) : null;
    if (stamp !== null) found = id;
    await connection.write(async (tx) => {
      const { kind, path, code, bytes = 517, user = null, parameters = {} } = row;
      const told = { stamp, found_at: foundAt, told_at: foundAt, user_name: user, parameters: JSON.stringify(parameters) };
      await store.find(tx, site, [{ id, kind, path, code, bytes, ...told }]);
      if (stamp !== null) await new WatchStore(connection).know(tx, site.id, [{ path: path.split('/'), stamp }]);
      if (row.is) await store.change(tx, id, { [row.is]: foundAt + hour });
    });
  }
  return found;
}

/** What was found lies there, or the next look at everything would end it. @returns its stamp */
async function lay(house: TestPanel, site: Site, path: string): Promise<string> {
  const file = join(house.folder, 'sites', site.name, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `<?php //${' '.repeat(509)}`);
  return (await house.panel.doors.sites.storageFor(site).stat(path.split('/'))).stamp;
}
