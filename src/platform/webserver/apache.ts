// The configuration of Apache for upload folders: no handler, no .htaccess, whatever the rest of the server says (design: security D.1).
import { checked, hiddenStart, inComment, programPattern, spelledOnce, type WebSite } from './kinds.ts';

/** What a machine says once, in the server's own configuration. */
export const apacheCommon = `# Apache, common part. Include it once in the server's configuration, and the part of a site inside its virtual host:
#   <VirtualHost *:80>
#     DocumentRoot /srv/sites/<site>/www
#     IncludeOptional <folder>/<site>[.]conf    # the brackets: nothing there yet is no fault
#   </VirtualHost>
# DocumentRoot must be the very path that the part of the site names, not a link to it.
TraceEnable Off
ServerTokens Prod
ServerSignature Off
`;

/**
 * @returns the part for one site, ASCII but for its comments
 * @throws RangeError when name or root of the site are not plain
 */
export function apacheSite(site: WebSite): Buffer {
  checked(site);
  const head = `# Upload folders of ${site.name}: nothing runs here. Written by the panel; what you change here is lost.\n`;
  return Buffer.concat([Buffer.from(head), ...spelledOnce(site).map((folder) => sections(site.root, folder))]);
}

/**
 * By place on the disk, since only that may say AllowOverride, and by address, which comes after every <Files> and covers a proxy that
 * takes requests before the disk is asked.
 */
function sections(root: string, folder: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`# ${inComment(folder)}\n<Directory "${root}/`),
    pattern(folder),
    Buffer.from(`">
  AllowOverride None
  AllowOverrideList None
  Options -Indexes -ExecCGI -Includes -FollowSymLinks -MultiViews +SymLinksIfOwnerMatch
  AcceptPathInfo Off
${handlers('  ')}
  <FilesMatch "">
${handlers('    ')}
  </FilesMatch>
</Directory>
<LocationMatch "^/+${expression(folder)}/">
  Options -Indexes -ExecCGI -Includes -FollowSymLinks -MultiViews +SymLinksIfOwnerMatch
${handlers('  ')}
  <IfModule mod_headers.c>
    Header always set X-Content-Type-Options nosniff
    Header always set Content-Security-Policy "script-src 'none'; object-src 'none'"
  </IfModule>
</LocationMatch>
<LocationMatch "^/+${expression(folder)}/(?i:(.*/)?(${hiddenStart}|[^/]*${programPattern}))">
  Require all denied
</LocationMatch>
`),
  ]);
}

/** `php_admin_flag` can be taken back by nothing below. */
const handlers = (indent: string) =>
  [
    'SetHandler default-handler',
    'RemoveHandler .php .php3 .php4 .php5 .php7 .php8 .phtml .pht .phar .phps .inc .cgi .fcgi .pl .py .rb .sh .lua .shtml .stm .asis .var',
    'RemoveType .php .php3 .php4 .php5 .php7 .php8 .phtml .pht .phar .phps .inc .shtml .stm',
    'RemoveOutputFilter .shtml .stm .shtm .html .htm',
    '<IfModule mod_php.c>',
    '  php_admin_flag engine off',
    '</IfModule>',
    '<IfModule mod_php7.c>',
    '  php_admin_flag engine off',
    '</IfModule>',
  ]
    .map((line) => indent + line)
    .join('\n');

/** As a wildcard of <Directory>: a bracket around what would begin a pattern or a variable, `?` for what no line could hold. */
function pattern(bytes: Buffer): Buffer {
  const text = bytes
    .toString('latin1')
    .replace(/[\x00-\x1f\x7f"\\\]]/g, '?')
    .replace(/[*[$]/g, '[$&]');
  return Buffer.from(text, 'latin1');
}

/** Each byte that is no letter, digit or slash by its number: nothing is left that could end a word, a line or an expression. */
function expression(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^A-Za-z0-9/_-]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
