// What web servers of this machine are told: by files that their own test accepts or that are taken back, and by the command that prints the same.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { CommandRefused } from '../../src/import-commands.ts';
import { webServerCommand } from '../../src/web-server-commands.ts';
import { secret } from '../support/panel.ts';
import { gotgan } from '../support/program.ts';
import { IncomingHouse, pixel } from './incoming-house.ts';

let house: IncomingHouse;
afterEach(() => house?.close());
const run = promisify(execFile);

/** A main configuration around the panel's file of the site, with something of the operator's own; what tests it is the server itself. */
const servers = {
  nginx: {
    main: (folder: string, own: string) =>
      `pid ${folder}/pid; error_log stderr; events {} http { access_log off; server { listen 127.0.0.1:1; root /srv;\n${own}\ninclude ${folder}/told/*.conf; } }`,
    test: (file: string) => ['/usr/sbin/nginx', '-t', '-q', '-c', file],
    broken: 'location ^~ "/upload/" { return 404; }',
    says: /duplicate location/,
  },
  apache: {
    main: (folder: string, own: string) =>
      `ServerRoot ${folder}\nServerName localhost\nListen 127.0.0.1:1\nPidFile ${folder}/pid\nErrorLog /dev/stderr\n${[
        ...['mpm_prefork', 'authz_core', 'mime', 'headers', 'negotiation', 'include', 'dir'],
      ]
        .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
        .join('\n')}\n<VirtualHost *:1>\n${own}\nIncludeOptional ${folder}/told/*.conf\n</VirtualHost>\n`,
    test: (file: string) => ['/usr/sbin/apache2', '-t', '-f', file],
    // Only beside a folder called upload is it one too many.
    broken: '<IfFile "UPLOAD">\nNoSuchDirective\n</IfFile>',
    says: /Invalid command 'NoSuchDirective'/,
  },
} as const;

describe.each(['nginx', 'apache'] as const)('a file for %s', (kind) => {
  const server = servers[kind];

  test('that the server refuses is taken back, the operator reads why, and the page says that it is not in force', async () => {
    const web = await mkdtemp(join(tmpdir(), 'gotgan-web-'));
    const place = { main: join(web, 'main.conf'), told: join(web, 'told') };
    await mkdir(place.told);
    const [program = '', ...args] = server.test(place.main);
    house = await IncomingHouse.open({ webServers: [`${kind}:${place.told}`], webServerReload: [program, ...args] });
    const { protection, webServers } = house.incoming;
    const own = (text: string) => writeFile(place.main, server.main(web, text));
    const file = join(place.told, `${house.site.name}.conf`);
    const state = async () => (await protection.of(house.site)).told?.state;
    const fault = async () => {
      const { db } = house.test.panel.doors.connection;
      return (await db.selectFrom('folder_scans').select('write_fault').executeTakeFirst())?.write_fault;
    };
    await own('');
    await house.mark('www/data');
    await webServers.tell(house.site.id);
    const before = await readFile(file, 'utf8');
    expect([await state(), before]).toEqual(['told', expect.stringContaining('/data')]);

    await own(server.broken.replace('UPLOAD', file));
    await house.mark('www/upload');
    await expect(webServers.tell(house.site.id)).rejects.toThrow(server.says);
    expect([await readFile(file, 'utf8'), await state(), await fault()]).toEqual([
      before,
      'failed',
      expect.stringMatching(server.says),
    ]);
    const page = await house.visitor.get(`/sites/${house.site.name}/folders`);
    expect(page.text).toContain('웹 서버에 아직 적용하지 못했습니다');

    await own('');
    await webServers.tell(house.site.id);
    expect([await readFile(file, 'utf8'), await state(), await fault()]).toEqual([
      expect.stringContaining('/upload'),
      'told',
      null,
    ]);
    await rm(web, { recursive: true });
  });
});

describe('gotgan webserver', () => {
  const printed = async (...args: string[]) => (await webServerCommand(args, house.test.panel.doors)).toString();

  test.each(['nginx', 'apache'] as const)(
    'prints for %s what the server itself takes, and no more than is asked for',
    async (kind) => {
      house = await IncomingHouse.open();
      const name = house.site.name;
      await house.lay('www/자료실/a.png', pixel);
      await house.mark('www/자료실');
      const [all, common, site] = [await printed(kind), await printed(kind, '--common'), await printed(kind, '--site', name)];
      expect(all).toBe(common + site);
      expect(site).toContain(`# ---- ${name}.conf ----`);
      expect(site).toContain('자료실');
      const { folder, databaseUrl, origin } = house.test;
      const environment = { SECRET: secret, DATA_DIR: folder, DATABASE_URL: databaseUrl, PUBLIC_URL: origin };
      const typed = await gotgan(['webserver', kind, '--site', name], { folder, environment }).ended;
      expect([typed.code, typed.out]).toEqual([0, site]);
      await mkdir(join(folder, 'told'));
      const inside = kind === 'nginx' ? all : site;
      await writeFile(join(folder, 'told/site.conf'), inside);
      await writeFile(join(folder, 'main.conf'), servers[kind].main(folder, ''));
      const [program = '', ...args] = servers[kind].test(join(folder, 'main.conf'));
      await run(program, args);
    },
  );

  test('refuses another server, a site that is not there and one without upload folders, and leaves out what is suspended', async () => {
    house = await IncomingHouse.open();
    for (const args of [[], ['lighttpd'], ['nginx', 'apache']]) await expect(printed(...args)).rejects.toThrow(CommandRefused);
    await expect(printed('nginx', '--site', 'nobodys')).rejects.toMatchObject({ status: 404 });
    await expect(printed('nginx', '--site', house.site.name)).rejects.toThrow(/no upload folder on this machine/);
    await house.mark('www/data');
    expect(await printed('nginx')).toContain(house.site.name);
    const { sites } = house.test.panel.doors;
    await sites.suspend(house.site, { kind: 'operator' }, 'unpaid');
    expect(await printed('nginx')).toBe(await printed('nginx', '--common'));
  });
});
