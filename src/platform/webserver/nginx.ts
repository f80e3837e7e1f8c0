// The configuration of nginx for upload folders: location blocks that no other rule of the server comes before (design: security D.1).
import { checked, hiddenStart, inComment, programPattern, spelledOnce, type WebSite } from './kinds.ts';

/** What every server block of a site should say, once a machine: included inside `server { … }`, before the locations of the site. */
export const nginxCommon = `# nginx, common part. Save it as <folder>/common.conf and include it in every server block of a site, with the site's own part:
#   server {
#     root /srv/sites/<site>/www;
#     include <folder>/common.conf;
#     include <folder>/<site>[.]conf;      # the brackets: nothing there yet is no fault
#     location / { try_files $uri $uri/ /index.php?$args; }
#     location ~ \\.php$ { try_files $fastcgi_script_name =404; include fastcgi.conf; fastcgi_pass unix:/run/php/<site>.sock; }
#   }
# merge_slashes must stay on, as it is unless you turn it off. PHP: cgi.fix_pathinfo=0, and in the pool
# security.limit_extensions=.php; never leave that empty.
autoindex off;
disable_symlinks if_not_owner from=$document_root;
location ~ /\\.(ht|user\\.ini|env|git|svn) { return 403; }
`;

/**
 * For the nginx in front of the panel: sends an archive when the panel answers with its internal address, and to nobody else.
 * @param address as the panel names it, such as `/internal-archives`
 * @param folder absolute path of the folder of archives
 * @throws RangeError when either holds what would end the line it stands in
 */
export function nginxArchives(address: string, folder: string): string {
  if (!/^\/[\w/-]+$/.test(address)) throw new RangeError(`not an internal address: ${JSON.stringify(address)}`);
  if (!/^(\/[A-Za-z0-9._@+-]+)+$/.test(folder))
    throw new RangeError(`not an absolute path of plain characters: ${JSON.stringify(folder)}`);
  return `# Archives of backups, sent by nginx itself. Inside the server block of the panel; nginx's user must be able to read
# ${folder} (add it to the group that owns it), and nobody else.
# A customer has four downloads at once, as when the panel sends them; for that, inside the http block and not here:
#   limit_conn_zone $upstream_http_x_accel_customer zone=gotgan_archives:1m;
location ${address}/ {
  internal;
  alias ${folder}/;
  disable_symlinks on from=${folder};
  autoindex off;
  add_header X-Content-Type-Options nosniff always;
  add_header Content-Security-Policy "default-src 'none'; sandbox; frame-ancestors 'none'" always;
  add_header Referrer-Policy no-referrer always;
  add_header Cross-Origin-Resource-Policy same-origin always;
  add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;
  limit_conn gotgan_archives 4;
  limit_conn_status 429;
}
`;
}

/**
 * @returns bytes of the part for one site: names need not be UTF-8
 * @throws RangeError when name or root of the site are not plain
 */
export function nginxSite(site: WebSite): Buffer {
  checked(site);
  const head = `# Upload folders of ${site.name}: nothing runs here. Written by the panel; what you change here is lost.\n`;
  return Buffer.concat([Buffer.from(head), ...spelledOnce(site).map(location)]);
}

function location(folder: Buffer): Buffer {
  const place = Buffer.concat([Buffer.from('/'), folder, Buffer.from('/')]);
  return Buffer.concat([
    Buffer.from(`# ${inComment(folder)}\nlocation ^~ "`),
    quoted(place),
    Buffer.from(`" {
  ssi off;
  autoindex off;
  disable_symlinks on from=$document_root;
  default_type application/octet-stream;
  add_header X-Content-Type-Options nosniff always;
  add_header Content-Security-Policy "script-src 'none'; object-src 'none'" always;
  location ~* "${`(^|/)${hiddenStart}|${programPattern}`.replaceAll('\\', '\\\\')}" { return 403; }
  try_files $uri =404;
}
`),
  ]);
}

/** Inside double quotes nginx knows these escapes and no others; a `$` in the name of a location is no variable. */
const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(bytes: Buffer): Buffer {
  return Buffer.from(
    bytes.toString('latin1').replace(/["\\\n\r\t]/g, (one) => escapes[one] ?? one),
    'latin1',
  );
}
