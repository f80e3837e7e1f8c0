// Which folders of a site are proposed for protection: known by the files of gnuboard, WordPress and Rhymix, and by nothing that only looks like them.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { likelyFolders } from '../../src/incoming/detection.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import type { MarkedFolder } from '../../src/sites/sites.ts';

/** Files as an installation of each has them, a few of hundreds; a path that ends in a slash is a folder. */
const gnuboard = [
  ...['index.php', 'common.php', 'config.php', 'head.php', 'shop.config.php', 'adm/index.php', 'bbs/board.php', 'bbs/write.php'],
  ...[
    'lib/common.lib.php',
    'skin/board/basic/list.skin.php',
    'plugin/editor/smarteditor2/editor.lib.php',
    'theme/basic/index.php',
  ],
  ...['data/dbconfig.php', 'data/.htaccess', 'data/cache/latest.php', 'data/file/free/1022_a.jpg', 'data/editor/2611/b.png'],
];
const wordpress = [
  ...['index.php', 'wp-load.php', 'wp-config.php', 'wp-login.php', 'wp-settings.php', 'xmlrpc.php', 'wp-admin/index.php'],
  ...['wp-includes/version.php', 'wp-includes/functions.php', 'wp-content/plugins/hello.php', 'wp-content/themes/t/style.css'],
  'wp-content/uploads/2026/11/photo.jpg',
];
const rhymix = [
  ...['index.php', 'common/autoload.php', 'common/constants.php', 'config/config.inc.php', 'classes/context/Context.class.php'],
  ...[
    'modules/board/board.class.php',
    'modules/document/document.class.php',
    'layouts/default/layout.html',
    'addons/a/a.addon.php',
  ],
  ...['files/config/config.php', 'files/cache/a.php', 'files/attach/images/1/a.jpg', 'files/attach/binaries/2/b.zip'],
];
/** XpressEngine 1, of which Rhymix is a fork: without `common/autoload.php`. */
const xe = rhymix.filter((path) => path !== 'common/autoload.php');

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gotgan-detection-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function lay(below: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const at = join(root, below, path);
    await mkdir(path.endsWith('/') ? at : dirname(at), { recursive: true });
    if (!path.endsWith('/')) await writeFile(at, path.endsWith('.php') ? '<?php\n' : 'x');
  }
}
const mark = (path: string): MarkedFolder => ({ path: path.split('/'), kind: 'upload', markedAt: 0, program: null });
const found = async (marked: readonly MarkedFolder[] = []) =>
  (await likelyFolders(diskSite(root), marked)).map(({ path, program }) => `${program} ${path.join('/')}`).sort();

describe('a program is known by its own files', () => {
  test.each([
    ['gnuboard', gnuboard, 'gnuboard www/data'],
    ['WordPress', wordpress, 'wordpress www/wp-content/uploads'],
    ['Rhymix', rhymix, 'rhymix www/files'],
    ['XpressEngine', xe, 'rhymix www/files'],
  ])('%s, at the root of the site and in a folder of it', async (_, files, folder) => {
    await lay('www', files);
    expect(await found()).toEqual([folder]);
    await lay('www/community', files);
    expect(await found()).toEqual([folder, folder.replace('www/', 'www/community/')].sort());
  });

  test('several side by side, each with its own folder', async () => {
    await lay('www', wordpress);
    await lay('www/board', gnuboard);
    await lay('www/forum', rhymix);
    expect(await found()).toEqual([...['gnuboard www/board/data', 'rhymix www/forum/files', 'wordpress www/wp-content/uploads']]);
  });

  test('what is protected already, also by a folder above it, is not proposed', async () => {
    await lay('www', wordpress);
    await lay('www/board', gnuboard);
    expect(await found([mark('www/wp-content/uploads')])).toEqual(['gnuboard www/board/data']);
    expect(await found([mark('www/wp-content'), mark('www/board/data')])).toEqual([]);
  });
});

describe('nothing is proposed for what only looks like a program', () => {
  test.each<readonly [string, readonly string[]]>([
    ['a folder that is only called wp-content', ['index.html', 'wp-content/uploads/a.jpg']],
    ['themes and plugins without the program', wordpress.filter((path) => path.startsWith('wp-content/'))],
    ['WordPress of which one sign is missing', wordpress.filter((path) => path !== 'wp-includes/version.php')],
    ['signs that are folders', ['wp-load.php/', 'wp-includes/version.php/', 'wp-content/uploads/a.jpg']],
    ['signs in other letters', ['WP-LOAD.PHP', 'wp-includes/Version.php', 'wp-content/uploads/a.jpg']],
    ['gnuboard that has not been installed yet, without its folder', gnuboard.filter((path) => !path.startsWith('data/'))],
    ['a file in the place of the folder', [...gnuboard.filter((path) => !path.startsWith('data/')), 'data']],
    ['a page that says common.php and has a board of its own', ['common.php', 'board.php', 'data/lib.php']],
    ['another framework with autoload.php', ['common/autoload.php', 'modules/site/site.class.php', 'files/lib.php']],
  ])('%s', async (_, files) => {
    await lay('www', files);
    expect(await found()).toEqual([]);
  });

  test('a copy that lies deeper, as of a backup, or in a hidden folder', async () => {
    await lay('www', ['index.html']);
    await lay('www/old/2024/wordpress', wordpress);
    await lay('www/.trash', gnuboard);
    await lay('backup', rhymix);
    expect(await found()).toEqual([]);
  });

  test('a link in the place of a sign, of the folder, or of the whole program', async () => {
    await lay('elsewhere', wordpress);
    await lay(
      'www',
      wordpress.filter((path) => !path.startsWith('wp-content/uploads')),
    );
    await symlink(join(root, 'elsewhere/wp-content/uploads'), join(root, 'www/wp-content/uploads'));
    await symlink(join(root, 'elsewhere'), join(root, 'www/copy'));
    await lay('www/half', ['wp-includes/version.php', 'wp-content/uploads/a.jpg']);
    await symlink(join(root, 'elsewhere/wp-load.php'), join(root, 'www/half/wp-load.php'));
    expect(await found()).toEqual([]);
  });
});

describe('where no program is known', () => {
  test('a folder with a usual name is proposed that holds files and nothing that could run, however deep', async () => {
    await lay('www', [
      'index.php',
      'upload/a.jpg',
      'Images/b/c.png',
      'data/x.txt',
      'files/deep/er/x.php',
      'attach/',
      'photos/a.jpg',
    ]);
    await lay('www', ['userfiles/a.php.jpg', 'file/.htaccess']);
    expect(await found()).toEqual(['plain www/Images', 'plain www/data', 'plain www/upload']);
  });

  test('beside a program of a folder the rest is proposed too, at the root of one nothing else is', async () => {
    await lay('www/board', gnuboard);
    await lay('www', ['images/a.jpg']);
    expect(await found()).toEqual(['gnuboard www/board/data', 'plain www/images']);
    await lay('www', wordpress);
    expect(await found()).toEqual(['gnuboard www/board/data', 'wordpress www/wp-content/uploads']);
  });

  test('a site with nothing in it, and one without www, propose nothing', async () => {
    expect(await found()).toEqual([]);
    await mkdir(join(root, 'www'));
    expect(await found()).toEqual([]);
  });
});
