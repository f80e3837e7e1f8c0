// Real nginx with PHP-FPM and real Apache with PHP in front of one document root, set up as carelessly as much shared hosting is.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type PhpServers = {
  /** origins by what serves there */
  readonly origins: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

const apacheBinary = '/usr/sbin/apache2';
const fpmBinary = async () => `/usr/sbin/${(await readdir('/usr/sbin')).find((name) => /^php-fpm\d/.test(name))}`;

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @returns where `phpServers` has its things, so that a panel can be told before they run */
export async function placesOf() {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-php-'));
  await chmod(folder, 0o755);
  const includes = { nginx: join(folder, 'nginx.d'), apache: join(folder, 'apache.d') };
  for (const path of [includes.nginx, includes.apache, join(folder, 'logs')]) await mkdir(path);
  return { folder, includes, reload: join(folder, 'reload') };
}

/**
 * @param site its name, and the document root that www-data may read
 * @param common what both servers say once
 */
export async function phpServers(
  site: { readonly name: string; readonly root: string },
  common: { readonly nginx: string; readonly apache: string },
  { folder, includes, reload }: Awaited<ReturnType<typeof placesOf>>,
): Promise<PhpServers> {
  const [nginxPort = 0, modPhp = 0, handler = 0, proxy = 0] = await freePorts(4);
  const socket = join(folder, 'php.sock');
  await writeFile(join(includes.nginx, 'common.conf'), common.nginx);
  await writeFile(join(includes.apache, 'common.inc'), common.apache);
  await writeFile(join(folder, 'fpm.conf'), fpmConfiguration(folder, socket));
  const include = join(includes.nginx, `${site.name}[.]conf`);
  await writeFile(join(folder, 'nginx.conf'), nginxConfiguration({ folder, port: nginxPort, socket, include, root: site.root }));
  const vhost = join(includes.apache, `${site.name}[.]conf`);
  const apache = apacheConfiguration({ folder, ports: { modPhp, handler, proxy }, socket, include: vhost, root: site.root });
  await writeFile(join(folder, 'apache.conf'), apache);
  await writeFile(reload, reloadScript(folder));
  await chmod(reload, 0o755);
  const running = [
    spawn(await fpmBinary(), ['-F', '-y', join(folder, 'fpm.conf'), '-d', 'cgi.fix_pathinfo=1'], {
      stdio: 'ignore',
      detached: true,
    }),
    spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore', detached: true }),
    spawn(apacheBinary, ['-f', join(folder, 'apache.conf'), '-D', 'FOREGROUND'], { stdio: 'ignore', detached: true }),
  ];
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const origins = {
    'nginx with PHP-FPM': at(nginxPort),
    'Apache with mod_php': at(modPhp),
    'Apache with PHP-FPM by a handler': at(handler),
    'Apache with PHP-FPM by a proxy': at(proxy),
  };
  const close = async () => {
    for (const child of running) await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const origin of Object.values(origins)) await untilItRuns(`${origin}/index.php`, folder, running);
  } catch (error) {
    await close();
    throw error;
  }
  return { origins, close };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  // The whole group at once: after a reload Apache takes ten seconds over its children.
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await exit;
}

async function untilItRuns(address: string, folder: string, running: readonly ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 600 && running.every(({ exitCode }) => exitCode === null); tries += 1) {
    const answer = await fetch(address).catch(() => undefined);
    if (answer?.status === 200 && (await answer.text()).includes('the program runs')) return;
    await sleep(50);
  }
  const logs = await Promise.all(
    (await readdir(join(folder, 'logs'))).map((name) => readFile(join(folder, 'logs', name), 'utf8')),
  );
  const tried = [
    ['/usr/sbin/nginx', '-t', '-p', folder, '-c', join(folder, 'nginx.conf')],
    [apacheBinary, '-t', '-f', join(folder, 'apache.conf')],
  ];
  const said = tried.map(([program = '', ...args]) => spawnSync(program, args).stderr.toString());
  throw new Error(`${address} does not run: ${[...logs, ...said].join('\n').slice(-4000)}`);
}

/** As much shared hosting has it: every file may be a program, if only it is asked for in the right way. */
const fpmConfiguration = (folder: string, socket: string) => `[global]
pid = ${folder}/fpm.pid
error_log = ${folder}/logs/fpm.log
[site]
user = www-data
group = www-data
listen = ${socket}
listen.mode = 0666
pm = static
pm.max_children = 4
security.limit_extensions =
php_admin_value[upload_max_filesize] = 8M
`;

const nginxConfiguration = (of: { folder: string; port: number; socket: string; include: string; root: string }) => `
user www-data; worker_processes 1; daemon off; pid ${of.folder}/nginx.pid; error_log ${of.folder}/logs/nginx.log;
events {}
http {
  include /etc/nginx/mime.types;
  access_log off;
  keepalive_timeout 0;
  client_body_temp_path ${of.folder}/body; proxy_temp_path ${of.folder}/proxy; fastcgi_temp_path ${of.folder}/fastcgi;
  uwsgi_temp_path ${of.folder}/uwsgi; scgi_temp_path ${of.folder}/scgi;
  server {
    listen 127.0.0.1:${of.port};
    root ${of.root};
    index index.php;
    ssi on;
    include ${of.folder}/nginx.d/common.conf;
    include ${of.include};
    location / { try_files $uri $uri/ /index.php?$args; }
    location ~ \\.(php|phtml|phar|pht|php[3-8]|inc)(/|$) {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:${of.socket};
    }
  }
}
`;

function apacheConfiguration(of: {
  folder: string;
  ports: { modPhp: number; handler: number; proxy: number };
  socket: string;
  include: string;
  root: string;
}): string {
  const { folder, ports, socket, include, root } = of;
  const modules = [
    ...['mpm_prefork', 'authz_core', 'authz_host', 'alias', 'dir', 'mime', 'negotiation', 'rewrite', 'cgi', 'include', 'headers'],
    ...['setenvif', 'actions', 'proxy', 'proxy_fcgi', 'autoindex', 'filter'],
  ];
  const host = (port: number, php: string) => `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  DocumentRoot ${root}
  DirectoryIndex index.php
  IncludeOptional ${include}
  ${php}
</VirtualHost>
`;
  const script = '<FilesMatch ".+\\.(ph(ar|p|tml|t)|php[3-8]|inc)$">';
  const fpm = `"proxy:unix:${socket}|fcgi://localhost"`;
  return `ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/apache.pid
ErrorLog ${folder}/logs/apache.log
Mutex file:${folder} default
User www-data
Group www-data
KeepAlive Off
StartServers 3
MinSpareServers 1
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
Include /etc/apache2/mods-available/php*.load
TypesConfig /etc/mime.types
IncludeOptional ${folder}/apache.d/common[.]inc
<Directory />
  Require all denied
</Directory>
<Directory ${root}>
  AllowOverride All
  Options +ExecCGI +Includes +FollowSymLinks +Indexes +MultiViews
  Require all granted
  AddHandler cgi-script .cgi .pl .py .sh .fcgi
  AddType text/html .shtml .shtm .stm
  AddOutputFilter INCLUDES .shtml .shtm .stm
</Directory>
${host(ports.modPhp, `${script}\n    SetHandler application/x-httpd-php\n  </FilesMatch>`)}
${host(ports.handler, `${script}\n    SetHandler ${fpm}\n  </FilesMatch>`)}
${host(ports.proxy, `ProxyPassMatch "^/(.*\\.(?:ph(?:ar|p|tml|t)|php[3-8]|inc)(?:/.*)?)$" "unix:${socket}|fcgi://localhost${root}/$1"`)}
`;
}

const reloadScript = (folder: string) => `#!/bin/sh
# Nothing is taken that either of them would not begin with.
set -e
/usr/sbin/nginx -t -q -p ${folder} -c ${folder}/nginx.conf
${apacheBinary} -t -f ${folder}/apache.conf
kill -HUP "$(cat ${folder}/nginx.pid)"
kill -USR1 "$(cat ${folder}/apache.pid)"
`;
