// A real WordPress as Debian has it, laid into a site and set up by its own installer: nginx, PHP-FPM, and a database of the site.
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { DatabaseAccess } from '../../src/platform/database-server/port.ts';
import { siteServer } from './nginx.ts';
import { phpPool } from './php-fpm.ts';

const run = promisify(execFile);
/** of the packages wordpress and wordpress-theme-twentytwentythree */
const packaged = '/usr/share/wordpress';
const theme = 'wp-content/themes/twentytwentythree';

export type WordPress = {
  readonly origin: string;
  /** @returns status and bytes of a page, as a visitor gets them */
  get(path: string): Promise<{ status: number; body: Buffer }>;
  close(): Promise<void>;
};

/** What the author of the site wrote and uploaded. */
export const picture = Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * 7919) % 251));

/**
 * @param www an empty document root whose parents the web server may pass
 * @param access the site's own database and its user
 */
export async function wordPress(www: string, access: DatabaseAccess & { readonly database: string }): Promise<WordPress> {
  await lay(www, access);
  const pool = await phpPool('www-data', 3);
  const server = await siteServer(www, pool.socket).catch(async (error) => {
    await pool.close();
    throw error;
  });
  const get = async (path: string) => {
    const answer = await fetch(server.origin + path);
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  };
  const close = async () => {
    await server.close();
    await pool.close();
  };
  try {
    await setUp(www, server.origin);
    return { origin: server.origin, get, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function lay(www: string, access: DatabaseAccess & { readonly database: string }): Promise<void> {
  // The package points elsewhere for what other packages have too, and some of that is nowhere.
  await cp(packaged, www, {
    recursive: true,
    dereference: true,
    filter: (from) =>
      stat(from).then(
        () => true,
        () => false,
      ),
  });
  await rm(join(www, theme), { recursive: true, force: true });
  await cp(join(packaged, theme), join(www, theme), { recursive: true, dereference: true });
  const values = {
    DB_NAME: access.database,
    DB_USER: access.user,
    DB_PASSWORD: access.password,
    DB_HOST: `${access.host}:${access.port}`,
  };
  const own = { DB_CHARSET: 'utf8mb4', DB_COLLATE: '', WP_DEBUG: false, DISABLE_WP_CRON: true, WP_HTTP_BLOCK_EXTERNAL: true };
  const keys = [
    'AUTH_KEY',
    'SECURE_AUTH_KEY',
    'LOGGED_IN_KEY',
    'NONCE_KEY',
    'AUTH_SALT',
    'SECURE_AUTH_SALT',
    'LOGGED_IN_SALT',
    'NONCE_SALT',
  ];
  const said = { ...values, ...own, ...Object.fromEntries(keys.map((key) => [key, `${key} of this test`])) };
  const lines = Object.entries(said).map(([name, value]) => `define('${name}', ${JSON.stringify(value)});`);
  const text = [
    '<?php',
    ...lines,
    "$table_prefix = 'wp_';",
    "if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');",
    "require_once ABSPATH . 'wp-settings.php';",
  ];
  await writeFile(join(www, 'wp-config.php'), `${text.join('\n')}\n`);
  const upload = join(www, 'wp-content/uploads/2026/11/공방.jpg');
  await mkdir(dirname(upload), { recursive: true });
  await writeFile(upload, picture);
  await chmod(www, 0o755);
}

/** Its own installer by HTTP, then what an author writes. */
async function setUp(www: string, origin: string): Promise<void> {
  const form = new URLSearchParams({ weblog_title: '햇살 공방', user_name: 'owner', admin_email: 'owner@example.com' });
  for (const field of ['admin_password', 'admin_password2']) form.set(field, 'maple-Teacup-48-orbit');
  const answer = await fetch(`${origin}/wp-admin/install.php?step=2`, { method: 'POST', body: form });
  const said = await answer.text();
  if (answer.status !== 200 || !said.includes('wp-login.php'))
    throw new Error(`WordPress was not installed: ${answer.status} ${said.slice(0, 2000)}`);
  const posts = `require '${www}/wp-load.php';
    switch_theme('twentytwentythree');
    foreach (range(1, 5) as $n) wp_insert_post(['post_title' => "공방 소식 $n", 'post_status' => 'publish', 'post_date' => "2026-11-0$n 09:00:00",
      'post_content' => '<p>물레를 들였습니다 — it’s here; "정말로".</p><img src="/wp-content/uploads/2026/11/공방.jpg" alt="">']);`;
  await run('php', ['-r', posts]);
}
