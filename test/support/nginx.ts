// A real nginx in front of the folders of sites, its workers as www-data: `GET /<site>/<path>` is `<root>/<site>/www/<path>`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type WebServer = {
  /** @returns status and text of a page of a site */
  get(site: string, path: string): Promise<{ status: number; text: string }>;
  close(): Promise<void>;
};

/** @returns a port of loopback that was free a moment ago */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param php socket of a pool of PHP-FPM, which is asked for every `.php` */
export async function webServer(root: string, php?: string): Promise<WebServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-nginx-'));
  const port = await freePort();
  await mkdir(join(folder, 'logs'));
  await writeFile(
    join(folder, 'nginx.conf'),
    `user www-data; worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/logs/error.log;
     events {}
     http {
       access_log off;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
       uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       server {
         listen 127.0.0.1:${port};
         ${php === undefined ? '' : phpLocation(root, php)}
         location ~ ^/([a-z0-9-]+)/(.*)$ { alias ${root}/$1/www/$2; }
       }
     }`,
  );
  const nginx = spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const get = async (site: string, path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/${site}/${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  await untilItAnswers(nginx, () => get('none', 'none'));
  return {
    get,
    close: async () => {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await once(nginx, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A real nginx in front of the panel, as `operations/nginx/gotgan.conf` has it, without TLS.
 * @param port where it listens
 * @param panelPort where the panel does
 * @param locations more of the server block; `zones` more of the http block
 */
export async function frontServer(
  port: number,
  panelPort: number,
  { locations, zones }: { locations: string; zones: string },
): Promise<Pick<WebServer, 'close'>> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-front-'));
  await mkdir(join(folder, 'logs'));
  await writeFile(
    join(folder, 'nginx.conf'),
    `user root; worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/logs/error.log;
     events {}
     http {
       access_log off; sendfile on;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
       uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       ${zones}
       server {
         listen 127.0.0.1:${port};
         location / {
           proxy_pass http://127.0.0.1:${panelPort}; proxy_http_version 1.1; proxy_max_temp_file_size 0;
           proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
         }
         ${locations}
       }
     }`,
  );
  const nginx = spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  await untilItAnswers(nginx, () => fetch(`http://127.0.0.1:${port}/healthz`));
  return {
    close: async () => {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await once(nginx, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A real nginx with one site at its own origin, as WordPress and boards of its kind are served: what is no file is asked of `index.php`.
 * @param root its document root @param php socket of a pool of PHP-FPM
 */
export async function siteServer(root: string, php: string): Promise<{ origin: string } & Pick<WebServer, 'close'>> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-site-'));
  const port = await freePort();
  await mkdir(join(folder, 'logs'));
  await writeFile(
    join(folder, 'nginx.conf'),
    `user www-data; worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/logs/error.log;
     events {}
     http {
       include /etc/nginx/mime.types;
       access_log off;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
       uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       server {
         listen 127.0.0.1:${port};
         root ${root}; index index.php index.html;
         location / { try_files $uri $uri/ /index.php?$args; }
         location ~ [.]php$ {
           include /etc/nginx/fastcgi_params;
           fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
           fastcgi_pass unix:${php};
         }
       }
     }`,
  );
  const nginx = spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const origin = `http://127.0.0.1:${port}`;
  // Whatever it says: a site that is not set up yet leads elsewhere.
  await untilItAnswers(nginx, () => fetch(origin, { redirect: 'manual' }));
  return {
    origin,
    close: async () => {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await once(nginx, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const phpLocation = (root: string, socket: string) =>
  `location ~ ^/([a-z0-9-]+)/([^/]+\\.php)$ {
     fastcgi_pass unix:${socket};
     fastcgi_param SCRIPT_FILENAME ${root}/$1/www/$2; fastcgi_param REQUEST_METHOD $request_method;
     fastcgi_param QUERY_STRING $query_string; fastcgi_param REDIRECT_STATUS 200;
   }`;

async function untilItAnswers(nginx: ChildProcess, get: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 200 && nginx.exitCode === null; tries++) {
    if (await get().catch(() => undefined)) return;
    await sleep(50);
  }
  throw new Error('nginx does not answer');
}
